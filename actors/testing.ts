/** What tests of processes need: time that only moves when told to. */
import type { Clock, TimerHandle } from './clock.ts';

export interface VirtualClock extends Clock {
  /**
   * Moves time on, running each timer at its own moment, in order. Between two timers the
   * processes get the turns to handle what the first one caused.
   */
  advance(ms: number): Promise<void>;
  /** How many timers wait. */
  readonly pending: number;
}

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock for `setClock` that starts at 0 and stands still. */
export function createVirtualClock(): VirtualClock {
  let time = 0;
  let order = 0;
  const waiting = new Set<Entry>();

  const next = (until: number): Entry | undefined => {
    let first: Entry | undefined;
    for (const entry of waiting) {
      if (entry.due > until) continue;
      if (
        first === undefined ||
        entry.due < first.due ||
        (entry.due === first.due && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  };

  return {
    now: () => time,
    wallNow: () => time,
    after(delayMs: number, callback: () => void): TimerHandle {
      const entry: Entry = { due: time + Math.max(0, delayMs), order: (order += 1), callback };
      waiting.add(entry);
      return { cancel: () => waiting.delete(entry) };
    },
    async advance(ms: number): Promise<void> {
      const until = time + ms;
      await settle();
      for (let entry = next(until); entry !== undefined; entry = next(until)) {
        waiting.delete(entry);
        time = entry.due;
        entry.callback();
        await settle();
      }
      time = until;
    },
    get pending() {
      return waiting.size;
    },
  };
}

const SETTLING_TURNS = 10;

/** Lets the loop turn a few times, so that messages on their way arrive and are handled. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn += 1) {
    await new Promise(resolve => setImmediate(resolve));
  }
}
