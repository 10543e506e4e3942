/**
 * A rejection that nobody handles, of a promise that a process made and let go: the owner exits
 * with `{reason, stack}`, as it would had the code run in its handler. Rejections outside of any
 * process end the program, as they do without us.
 */
import { owningProcess } from './context.ts';
import { FencedExit, reasonOf } from './exit.ts';
import { crash } from './signals.ts';

let installed = false;

/** Installed with the first process, so that a program without processes is left alone. */
export function ownDetachedRejections(): void {
  if (installed) return;
  installed = true;
  process.on('unhandledRejection', onUnhandled);
}

/** Node runs this in the asynchronous context of the rejected promise: so the owner is known. */
function onUnhandled(rejection: unknown): void {
  const owner = owningProcess();
  if (owner !== undefined) {
    // What a dead incarnation still does has no effect: its crash() is none.
    crash(owner, reasonOf(rejection));
    return;
  }
  if (rejection instanceof FencedExit || process.listenerCount('unhandledRejection') > 1) return;
  if (rejection instanceof Error) throw rejection;
  throw new Error('a promise was rejected and nobody handled it', { cause: rejection });
}
