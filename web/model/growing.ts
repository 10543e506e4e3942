/** Answers of which the server tells only what is new: what was known and what is new, put together. */
import {
  EVENTS_KEPT,
  HISTORY_SECONDS,
  type EventsAnswer,
  type Sample,
  type SystemAnswer,
} from '../../protocol/observer.ts';

const SAME_START_MS = 2_000;

/** Samples newer than what is known are asked for with this; undefined asks for all that the server has. */
export function newestSample(known: SystemAnswer | undefined): number | undefined {
  if (known === undefined) return undefined;
  const answering = new Set(
    known.isolates.flatMap(({ answers, isolate }) => (answers ? isolate : [])),
  );
  // The slowest isolate's of those that answer: others' samples that come twice are dropped.
  const times = known.history
    .filter(({ isolate }) => answering.has(isolate))
    .map(({ samples }) => samples.at(-1)?.at ?? 0);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The new answer with the whole history, as long as the server itself keeps it. */
export function addSystem(known: SystemAnswer | undefined, answer: SystemAnswer): SystemAnswer {
  if (known === undefined || startedAnew(known, answer)) return answer;
  const since = answer.now - HISTORY_SECONDS * 1_000;
  const old = new Map(known.history.map(({ isolate, samples }) => [isolate, samples]));
  const fresh = new Map(answer.history.map(({ isolate, samples }) => [isolate, samples]));
  const isolates = [...new Set([...old.keys(), ...fresh.keys()])].sort((a, b) => a - b);
  const history = isolates.map(isolate => ({
    isolate,
    samples: joined(old.get(isolate) ?? [], fresh.get(isolate) ?? []).filter(
      ({ at }) => at > since,
    ),
  }));
  return { ...answer, history: history.filter(({ samples }) => samples.length > 0) };
}

/** The server reckons its start from two clocks, which do not agree to the millisecond. */
const startedAnew = (known: SystemAnswer, answer: SystemAnswer): boolean =>
  Math.abs(answer.startedAt - known.startedAt) > SAME_START_MS;

function joined(old: readonly Sample[], fresh: readonly Sample[]): readonly Sample[] {
  const newest = old.at(-1)?.at ?? -Infinity;
  return [...old, ...fresh.filter(({ at }) => at > newest)];
}

/** The new answer with the events that were known, as many as the server itself keeps. */
export function addEvents(known: EventsAnswer | undefined, answer: EventsAnswer): EventsAnswer {
  if (known === undefined) return answer;
  // A server that was started anew counts from 1: its events are asked for from the first one.
  if (answer.last < known.last) return { events: [], last: 0 };
  const fresh = answer.events.filter(({ n }) => n > known.last);
  const events = [...known.events, ...fresh].slice(-EVENTS_KEPT);
  return { events, last: events.at(-1)?.n ?? answer.last };
}
