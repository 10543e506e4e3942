/**
 * Tells an observer which process came in the place of which: of the restart of a dynamic child no progress is reported,
 * as in OTP, and the new process has no id that would say whose place it took.
 */
import type { Name, Pid } from '../actors/pid.ts';
import type { ShownId } from './child-id.ts';

/** A child of a dynamic supervisor that was started anew. */
export interface DynamicRestart {
  /** As reports name it. */
  readonly supervisor: Pid | Name;
  readonly id: ShownId;
  /** The process that has ended. */
  readonly predecessor: Pid;
  readonly pid: Pid;
}

type Listener = (restart: DynamicRestart) => void;

let listener: Listener | undefined;

/**
 * Puts another listener in place, or none, and returns the old one. It runs inside of the supervisor, which it must
 * neither hold up nor fail.
 */
export function watchDynamicRestarts(replacement: Listener | undefined): Listener | undefined {
  const old = listener;
  listener = replacement;
  return old;
}

export function tellDynamicRestart(restart: DynamicRestart): void {
  listener?.(restart);
}
