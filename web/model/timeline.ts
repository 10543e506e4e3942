/**
 * The time line: of one crash the server tells three times, the process that dies (`crash`), its supervisor
 * (`child_terminated`) and the new start (`restarted`). People want to read one line: who, why, and what came of it.
 */
import type { ObservedEvent, ProcessRef } from '../../protocol/observer.ts';

export interface Incident {
  /** The number of its first event. */
  readonly n: number;
  readonly at: number;
  readonly isolate: number;
  /** Of its first event. */
  readonly kind: ObservedEvent['kind'];
  readonly text: string;
  readonly process: ProcessRef | null;
  readonly supervisor: ObservedEvent['supervisor'];
  readonly reason: string | null;
  readonly stack: string | null;
  readonly outcome: Outcome;
  readonly events: readonly ObservedEvent[];
}

/**
 * - `restarted`: up again, so many ms later, as this process
 * - `failed`: a start was tried since and failed
 * - `gave_up`: the supervisor ended instead
 * - `none`: nothing is told of what came of it
 */
export type Outcome =
  | { readonly kind: 'restarted'; readonly afterMs: number; readonly process: ProcessRef | null }
  | { readonly kind: 'failed' }
  | { readonly kind: 'gave_up' }
  | { readonly kind: 'none' };

const NONE: Outcome = { kind: 'none' };

/** What is told of one death comes together: the same words later are another death. */
const TOGETHER_MS = 60_000;

/** Incidents from events that are oldest first; the newest incident first. */
export function foldTimeline(events: readonly ObservedEvent[]): readonly Incident[] {
  const incidents: Incident[] = [];
  const indexByPid = new Map<number, number>();
  const indexByChild = new Map<string, number[]>();
  const indexByEnded = new Map<number, number>();

  const replace = (index: number, event: ObservedEvent, change: Partial<Incident>): void => {
    const old = incidents[index];
    if (old !== undefined) {
      incidents[index] = { ...old, ...change, events: [...old.events, event] };
    }
  };
  const waitForOutcome = (event: ObservedEvent, index: number): void => {
    const key = childKey(event);
    indexByChild.set(key, [...(indexByChild.get(key) ?? []), index]);
    if (event.process !== null) indexByEnded.set(event.process.pid, index);
  };
  const waiting = (event: ObservedEvent): number | undefined => {
    const told = indexByEnded.get(endedPid(event) ?? NOBODY);
    if (told !== undefined || event.predecessor !== null) return told;
    const waits = indexByChild.get(childKey(event)) ?? [];
    return waits.find(index => event.at - (incidents[index]?.at ?? 0) < TOGETHER_MS);
  };

  const forget = (index: number): void => {
    for (const event of incidents[index]?.events ?? []) {
      if (event.kind !== 'child_terminated') continue;
      const key = childKey(event);
      const left = (indexByChild.get(key) ?? []).filter(other => other !== index);
      indexByChild.set(key, left);
      if (event.process !== null) indexByEnded.delete(event.process.pid);
    }
  };

  for (const event of events) {
    switch (event.kind) {
      case 'child_terminated': {
        const known = event.process === null ? undefined : indexByPid.get(event.process.pid);
        if (known === undefined) {
          waitForOutcome(event, incidents.push(alone(event)) - 1);
        } else {
          indexByPid.delete(event.process?.pid ?? 0);
          replace(known, event, { supervisor: event.supervisor });
          waitForOutcome(event, known);
        }
        break;
      }
      case 'restarted':
      case 'start_error':
      case 'gave_up': {
        const index = waiting(event);
        const begun = index === undefined ? undefined : incidents[index];
        if (index === undefined || begun === undefined) {
          incidents.push(alone(event));
          break;
        }
        replace(index, event, {
          process: calledAs(begun, event),
          outcome: outcomeOf(event, begun),
        });
        if (event.kind !== 'start_error') {
          forget(index);
        }
        break;
      }
      case 'crash':
        if (event.process !== null) indexByPid.set(event.process.pid, incidents.length);
        incidents.push(alone(event));
        break;
      default:
        incidents.push(alone(event));
    }
  }
  // What isolates tell comes in another order than it happened.
  return incidents.sort((one, other) => other.at - one.at || other.n - one.n);
}

/** Warnings may be many, and must not hide what died. */
export const isMoreThanWarning = ({ kind }: Incident): boolean =>
  kind !== 'warning' && kind !== 'skipped';

function alone(event: ObservedEvent): Incident {
  const { n, at, isolate, kind, text, process, supervisor, reason, stack } = event;
  const base = { n, at, isolate, kind, text, process, supervisor, reason, stack };
  return { ...base, outcome: NONE, events: [event] };
}

const NOBODY = -1;

/** The process whose end an event follows on, as far as it says so. */
const endedPid = ({ kind, predecessor, process }: ObservedEvent): number | undefined =>
  kind === 'restarted' ? (predecessor ?? undefined) : process?.pid;

/** Of one that was killed nobody may have known what it is: its successor is the same. */
const calledAs = ({ process }: Incident, event: ObservedEvent): ProcessRef | null =>
  process === null || event.kind !== 'restarted'
    ? process
    : { ...process, label: process.label ?? event.process?.label ?? null };

function outcomeOf(event: ObservedEvent, begun: Incident): Outcome {
  if (event.kind === 'restarted') {
    return { kind: 'restarted', afterMs: event.at - begun.at, process: event.process };
  }
  return { kind: event.kind === 'gave_up' ? 'gave_up' : 'failed' };
}

/** The id that dynamic children have in reports, all of them. */
const DYNAMIC = 'dynamic';

/** Which child of which supervisor: by its id, of dynamic children by name, else by what they are called. */
function childKey({ isolate, supervisor, child, process }: ObservedEvent): string {
  const over = supervisor === null || typeof supervisor === 'string' ? supervisor : supervisor.pid;
  const id = child === DYNAMIC ? null : child;
  return `${isolate}/${over ?? ''}/${id ?? process?.name ?? process?.label ?? ''}`;
}
