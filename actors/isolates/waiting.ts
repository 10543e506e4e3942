/** What this isolate waits for from others: monitors, and calls that have no reply yet, by ref. */
import type { ExitReason } from '../exit.ts';
import type { Pid } from '../pid.ts';

export interface Waiting {
  /** Where the process is that is watched. */
  readonly isolate: number;
  /** It died or is not there, or its isolate is gone: the wait is over. */
  down(pid: Pid | undefined, reason: ExitReason): void;
  /** The reply to a call came, from whichever isolate. */
  replied?(value: unknown, isolate: number): void;
}

const byRef = new Map<number, Waiting>();

export function awaitSignal(ref: number, waiting: Waiting): void {
  byRef.set(ref, waiting);
}

export function awaited(ref: number): Waiting | undefined {
  return byRef.get(ref);
}

export function stopAwaiting(ref: number): void {
  byRef.delete(ref);
}

/** All that wait for something from the isolate, taken out, in the order in which they began. */
export function takeAwaiting(isolate: number): Waiting[] {
  const taken: Waiting[] = [];
  for (const [ref, waiting] of byRef) {
    if (waiting.isolate !== isolate) continue;
    byRef.delete(ref);
    taken.push(waiting);
  }
  return taken;
}
