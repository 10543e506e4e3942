/** Reading what a callback returned. */
import { now } from '../clock.ts';
import { millisecondsOf } from '../time-limit.ts';
import type { TimeLimit } from '../time-limit.ts';

export function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** True when what stands at that place of a result, if anything does, says what comes after. */
export function endsWell(result: readonly unknown[], place: number): boolean {
  return result.length === place || (result.length === place + 1 && isAfter(result[place]));
}

function isAfter(value: unknown): boolean {
  if (typeof value === 'number') return value >= 0;
  if (value === 'hibernate' || value === 'infinity') return true;
  if (isTuple(value)) return (value.length === 2 && value[0] === 'continue') || isTimed(value);
  return typeof value === 'object' && value !== null && 'continue' in value;
}

/** A timeout with a message of its own, which hibernation may come with. */
export type Timed = readonly [
  kind: 'timeout' | 'hibernate',
  time: TimeLimit,
  message: unknown,
  options?: { readonly abs?: boolean },
];

export function isTimed(value: readonly unknown[]): boolean {
  const [kind, time, , options = {}] = value;
  return (
    (kind === 'timeout' || kind === 'hibernate') &&
    (value.length === 3 || value.length === 4) &&
    (time === 'infinity' || (typeof time === 'number' && time >= 0)) &&
    isTimedOptions(options)
  );
}

function isTimedOptions(options: unknown): boolean {
  if (typeof options !== 'object' || options === null || isTuple(options)) return false;
  return Object.entries(options).every(([key, on]) => key === 'abs' && typeof on === 'boolean');
}

/** The milliseconds until it is over, also of one that names a point in time. */
export function untilOver([, time, , options]: Timed): number {
  const timeMs = millisecondsOf(time);
  return options?.abs === true ? Math.max(0, timeMs - now()) : timeMs;
}

/** The value of `['continue', value]` or `{ continue: value }`. */
export function continuation(after: unknown): unknown {
  return isTuple(after) ? after[1] : (after as { readonly continue: unknown }).continue;
}
