/** How long somebody waits: milliseconds, or Erlang's atom for without end. */
import { shown } from './bad-argument.ts';

/** Milliseconds of 0 or more; without end: `Infinity`, or `'infinity'`. */
export type TimeLimit = number | 'infinity';

/** The limit as a number. Whether it is one that makes sense is asked where the waiting begins. */
export function millisecondsOf(limit: TimeLimit): number {
  return limit === 'infinity' ? Infinity : limit;
}

/**
 * The limit of a start, checked before anything has begun.
 * @throws RangeError for what is no time
 */
export function startLimit(limit: TimeLimit = Infinity): number {
  const limitMs = millisecondsOf(limit);
  if (typeof limitMs === 'number' && limitMs >= 0) return limitMs;
  throw new RangeError(
    `start: timeoutMs must be 0 or more milliseconds, Infinity or 'infinity', got ${shown(limit)}`,
  );
}
