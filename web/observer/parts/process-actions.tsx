import { useState } from 'react';
import type { ProcessView } from '../../../protocol/observer.ts';
import { useAct } from '../hooks/use-act.ts';
import { Dialog } from './dialog.tsx';
import { ExitForm } from './exit-form.tsx';
import { JsonForm } from './json-form.tsx';
import { processTitle } from './process-link.tsx';

type Asking = 'suspend' | 'send' | 'exit' | 'replace_state';

/** What can be done to a process. Whatever can hurt asks first. */
export function ProcessActions({ view }: { readonly view: ProcessView }) {
  const { act, busy, failed, outcome } = useAct(view.pid);
  const [asking, setAsking] = useState<Asking>();
  const close = (): void => setAsking(undefined);
  const title = processTitle(view);
  const suspended = view.status === 'suspended';

  return (
    <>
      <div className="bar" role="group" aria-label="Actions">
        <button
          type="button"
          disabled={busy || view.traced}
          onClick={() => act('trace', {}, 'The trace runs: 100 events or 10 seconds.')}
        >
          Trace
        </button>
        <button
          type="button"
          disabled={busy}
          onClick={() => (suspended ? act('resume', {}, 'It goes on.') : setAsking('suspend'))}
        >
          {suspended ? 'Resume' : 'Suspend …'}
        </button>
        <button type="button" disabled={busy} onClick={() => setAsking('send')}>
          Send …
        </button>
        <button type="button" disabled={busy} onClick={() => setAsking('replace_state')}>
          Replace state …
        </button>
        <button type="button" className="danger" disabled={busy} onClick={() => setAsking('exit')}>
          Kill …
        </button>
        <span className={failed ? 'bad' : 'hint'} role="status">
          {outcome}
        </span>
      </div>
      {asking !== undefined && (
        <Dialog label={labels[asking]} onClose={close}>
          {asking === 'suspend' && (
            <Confirm
              title={`Suspend ${title}?`}
              text="It handles nothing until it is resumed. What is sent to it waits in its queue; who calls it may time out."
              button="Suspend"
              onClose={close}
              onDo={() => act('suspend', {}, 'It is suspended.')}
            />
          )}
          {asking === 'send' && (
            <JsonForm
              title={`Send a message to ${title}`}
              text="Any JSON value becomes a message. A process that does not expect it may crash."
              field="Message"
              button="Send"
              onClose={close}
              onDo={message => act('send', { message }, 'The message is sent.')}
            />
          )}
          {asking === 'replace_state' && (
            <JsonForm
              title={`Replace the state of ${title}`}
              text="A JSON value takes the place of the state, or of the part that the path leads to. A state that the process does not understand makes it crash; then it is restarted without it."
              field="Value"
              path
              button="Replace"
              onClose={close}
              onDo={(value, path) =>
                act('replace_state', { value, path }, 'The state is replaced.')
              }
            />
          )}
          {asking === 'exit' && (
            <ExitForm
              title={title}
              onClose={close}
              onDo={reason => act('exit', { reason }, 'The exit signal is sent.')}
            />
          )}
        </Dialog>
      )}
    </>
  );
}

const labels: Readonly<Record<Asking, string>> = {
  suspend: 'Suspend the process',
  send: 'Send a message',
  exit: 'Send an exit signal',
  replace_state: 'Replace the state',
};

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly onClose: () => void;
  readonly onDo: () => void;
}

/** Asks once more. */
export function Confirm({ title, text, button, onClose, onDo }: ConfirmProps) {
  return (
    <div className="inside">
      <h2>{title}</h2>
      <p>{text}</p>
      <div className="bar">
        <button type="button" onClick={onClose} data-first>
          Leave it
        </button>
        <button
          type="button"
          className="danger"
          onClick={() => {
            onClose();
            onDo();
          }}
        >
          {button}
        </button>
      </div>
    </div>
  );
}
