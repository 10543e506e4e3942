/** Somebody who is told of each crash before the process is dead: the code server counts them. */
import type { ExitReason } from './exit.ts';
import type { Process } from './process.ts';

let watch: ((process: Process, reason: ExitReason) => void) | undefined;

/** Tells this function of every end that is not an orderly one and that a process caused itself. */
export function watchCrashes(told: (process: Process, reason: ExitReason) => void): void {
  watch = told;
}

/** The runtime found a process crashing. */
export function crashSeen(process: Process, reason: ExitReason): void {
  watch?.(process, reason);
}
