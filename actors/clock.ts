/** The runtime's only source of time, so that tests can put a virtual one in its place. */
import { requireMethods } from './bad-argument.ts';

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Wall-clock milliseconds since 1970; for reports. */
  wallNow(): number;
  /** Runs the callback after the delay in milliseconds, of any size. */
  after(delayMs: number, callback: () => void): TimerHandle;
}

export interface TimerHandle {
  cancel(): void;
}

/** Node's timers count in 31 bits; longer delays are walked in steps. */
const LONGEST_STEP_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(delayMs, callback) {
    const due = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const step = (): void => {
      const left = due - performance.now();
      if (left > LONGEST_STEP_MS) timer = setTimeout(step, LONGEST_STEP_MS);
      else timer = setTimeout(callback, Math.max(0, left));
    };
    step();
    return { cancel: () => clearTimeout(timer) };
  },
};

let clock: Clock = systemClock;

/** Puts another clock in place for everything that starts from now on, and returns the old one. */
export function setClock(replacement: Clock): Clock {
  requireMethods('setClock()', replacement, ['now', 'wallNow', 'after']);
  const old = clock;
  clock = replacement;
  return old;
}

export function now(): number {
  return clock.now();
}

export function wallNow(): number {
  return clock.wallNow();
}

export function after(delayMs: number, callback: () => void): TimerHandle {
  return clock.after(delayMs, callback);
}
