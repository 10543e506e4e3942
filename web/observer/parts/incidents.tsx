import type { ObservedEvent } from '../../../protocol/observer.ts';
import { formatDuration, formatTime } from '../../model/format.ts';
import type { Incident } from '../../model/timeline.ts';
import { Badge, type Tone } from './badge.tsx';
import { ProcessLink } from './process-link.tsx';

/** Incidents as a list, the newest first. */
export function Incidents({ incidents }: { readonly incidents: readonly Incident[] }) {
  if (incidents.length === 0) {
    return <p className="nothing">Nothing has gone wrong since the server started.</p>;
  }
  return (
    <ol>
      {incidents.map(incident => (
        <Line key={incident.n} incident={incident} />
      ))}
    </ol>
  );
}

function Line({ incident }: { readonly incident: Incident }) {
  const { at, isolate, kind, process, reason, text, supervisor, stack, events } = incident;
  return (
    <li className="incident" data-tone={toneOf[kind]} data-kind={kind}>
      <time dateTime={new Date(at).toISOString()}>{formatTime(at)}</time>
      <div className="what">
        <Badge tone={toneOf[kind]}>{nameOf[kind]}</Badge>
        {process !== null && <ProcessLink of={process} />}
        <span>{reason ?? text}</span>
        <OutcomeBadge incident={incident} />
        <span className="hint">
          {supervisor !== null && (
            <>
              under <ProcessLink of={supervisor} />,{' '}
            </>
          )}
          isolate {isolate}
        </span>
      </div>
      {(stack !== null || events.length > 1) && (
        <details>
          <summary>{stack === null ? 'What was told' : 'What was told, and the stack'}</summary>
          <ul className="list">
            {events.map(event => (
              <li key={event.n}>
                <span className="hint">{formatTime(event.at)}</span> {event.text}
              </li>
            ))}
          </ul>
          {stack !== null && <pre tabIndex={0}>{stack}</pre>}
        </details>
      )}
    </li>
  );
}

function OutcomeBadge({ incident }: { readonly incident: Incident }) {
  const { outcome } = incident;
  switch (outcome.kind) {
    case 'restarted':
      return (
        <>
          <Badge tone="good">restarted after {formatDuration(outcome.afterMs)}</Badge>
          {outcome.process !== null && outcome.process.pid !== incident.process?.pid && (
            <span>
              as <ProcessLink of={{ ...outcome.process, name: null, label: 'process' }} />
            </span>
          )}
        </>
      );
    case 'failed':
      return <Badge tone="warn">not up again yet</Badge>;
    case 'gave_up':
      return <Badge tone="bad">its supervisor gave up</Badge>;
    case 'none':
      return null;
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

type Kind = ObservedEvent['kind'];

const nameOf: Readonly<Record<Kind, string>> = {
  crash: 'crash',
  child_terminated: 'ended',
  start_error: 'start failed',
  shutdown_error: 'shutdown failed',
  gave_up: 'gave up',
  restarted: 'restarted',
  isolate_up: 'isolate up',
  isolate_down: 'isolate down',
  warning: 'warning',
  action: 'action',
  skipped: 'skipped',
};

const toneOf: Readonly<Record<Kind, Tone>> = {
  crash: 'bad',
  child_terminated: 'bad',
  start_error: 'bad',
  shutdown_error: 'warn',
  gave_up: 'bad',
  restarted: 'good',
  isolate_up: 'good',
  isolate_down: 'bad',
  warning: 'warn',
  action: 'plain',
  skipped: 'warn',
};
