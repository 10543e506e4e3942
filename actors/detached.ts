/**
 * What a process's code throws where no handler of it is on the stack: a rejection that nobody
 * handles, of a promise that it made and let go; an error in a callback of a timer or an event. The
 * owner exits with `{reason, stack}`, as it would had the code run in its handler. Outside of any
 * process both end the program, as they do without us.
 *
 * What the owner's code throws when it is dead already, such as a listener of its `signal()`, ends
 * nobody: it is logged. A rejection of then is not: work that was aborted rejects.
 */
import { owningProcess } from './context.ts';
import { FencedExit, reasonOf } from './exit.ts';
import { keepDetached } from './crash-keeper.ts';
import { systemCallbacksOf } from './code/runners.ts';
import { log } from './logger.ts';
import type { Process } from './process.ts';
import { crash } from './signals.ts';

let installed = false;

/** Installed with the first process, so that a program without processes is left alone. */
export function ownDetachedRejections(): void {
  if (installed) return;
  installed = true;
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtExceptionMonitor', onUncaught);
}

/**
 * Node runs this before it looks for somebody who handles the error, still in the asynchronous
 * context of the callback (Node 20: for timers, immediates, `nextTick`, sockets and files; not for
 * `queueMicrotask`, whose context it has left by then). Where the owner is known, it is captured
 * for the owner: the program's own listeners, which often end it, hear nothing of it. Where it is
 * not, Node goes on as if we were not here.
 */
function onUncaught(error: unknown): void {
  const owner = owningProcess();
  if (owner === undefined || process.hasUncaughtExceptionCaptureCallback()) return;
  const handle = (): void => {
    if (owner.alive) end(owner, error);
    else tellOfTheDead(owner, error);
  };
  if (isDomainLoaded()) process.once('uncaughtException', handle);
  else {
    process.setUncaughtExceptionCaptureCallback(() => {
      process.setUncaughtExceptionCaptureCallback(null);
      handle();
    });
  }
}

/** Node's module `domain`, which its REPL loads, lets nobody else capture; it puts a getter there. */
function isDomainLoaded(): boolean {
  return Object.getOwnPropertyDescriptor(process, 'domain')?.get !== undefined;
}

function tellOfTheDead({ pid, label }: Process, error: unknown): void {
  if (error instanceof FencedExit) return;
  const text = 'code of a dead process failed';
  log('error', { kind: 'message', text, label, reason: reasonOf(error) }, pid);
}

/** Node runs this in the asynchronous context of the rejected promise: so the owner is known. */
function onUnhandled(rejection: unknown): void {
  const owner = owningProcess();
  if (owner !== undefined) {
    // What a dead incarnation still does has no effect: its crash() is none.
    end(owner, rejection);
    return;
  }
  if (rejection instanceof FencedExit || process.listenerCount('unhandledRejection') > 1) return;
  if (rejection instanceof Error) throw rejection;
  throw new Error('a promise was rejected and nobody handled it', { cause: rejection });
}

function end(owner: Process, thrown: unknown): void {
  const callbacks = systemCallbacksOf(owner);
  keepDetached(
    owner,
    thrown,
    callbacks && { module: callbacks.module, state: callbacks.getState() },
  );
  crash(owner, reasonOf(thrown));
}
