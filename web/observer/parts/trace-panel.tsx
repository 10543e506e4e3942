import type { ObservedPid, TraceAnswer } from '../../../protocol/observer.ts';
import { plural } from '../../model/format.ts';
import { traceAt } from '../api/addresses.ts';
import { useAct } from '../hooks/use-act.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { EventsTable } from './events-table.tsx';
import { Panel } from './panel.tsx';

/** What a trace of the observer sees; it stops itself. For a process that is or was traced: of others the server has none. */
export function TracePanel({ pid }: { readonly pid: ObservedPid }) {
  const { data, error } = usePolled(traceAt(pid));
  const { act, busy } = useAct(pid);
  if (data === undefined || error !== undefined) return null;
  if (!data.running && data.events.length === 0) return null;
  return (
    <Panel
      title="Trace"
      aside={
        <>
          {stateOf(data)}{' '}
          {data.running && (
            <button
              type="button"
              disabled={busy}
              onClick={() => act('stop_trace', {}, 'The trace is stopped.')}
            >
              Stop
            </button>
          )}
        </>
      }
      bare
    >
      <EventsTable caption="Trace" events={data.events} />
    </Panel>
  );
}

function stateOf({ running, stopped, events }: TraceAnswer): string {
  const seen = plural(events.length, 'event');
  if (running) return `${seen}, runs`;
  return stopped === null ? seen : `${seen}, stopped: ${reasons[stopped]}`;
}

const reasons: Readonly<Record<NonNullable<TraceAnswer['stopped']>, string>> = {
  events: 'enough events',
  time: 'its time is up',
  stopped: 'by hand',
  died: 'the process died',
};
