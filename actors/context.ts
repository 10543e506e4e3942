/**
 * Which process the running code belongs to.
 *
 * In the synchronous part of a handler a variable knows. After an `await`, and in timers and
 * detached promises that the handler made, AsyncLocalStorage knows; it is entered once a turn, not
 * once a message (20 ns; it makes each promise of the isolate about 50 ns dearer).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { requireFunction } from './bad-argument.ts';
import { FencedExit } from './exit.ts';
import type { Pid } from './pid.ts';
import type { Holding, Process } from './process.ts';
import { smallAdd } from './small-set.ts';

const owners = new AsyncLocalStorage<Process>();
let running: Process | undefined;

/** Runs a function as the process. */
export function runAs<T>(process: Process, body: (process: Process) => T): T {
  const outer = running;
  running = process;
  try {
    return owners.run(process, body, process);
  } finally {
    running = outer;
  }
}

/** Runs a function as nobody, whoever set it off. */
export function runOutside(body: () => void): void {
  requireFunction('runOutside()', body);
  const outer = running;
  running = undefined;
  try {
    owners.exit(body);
  } finally {
    running = outer;
  }
}

/**
 * The calling process, or undefined outside of any.
 * Code that outlived its process gets a {@link FencedExit}: it must have no effect any more.
 */
export function callingProcess(): Process | undefined {
  const process = running ?? owners.getStore();
  if (process !== undefined && !process.alive) throw new FencedExit();
  return process;
}

/** The process that made the running code, dead or alive. */
export function owningProcess(): Process | undefined {
  return running ?? owners.getStore();
}

/** The pid of the calling process; also after an `await`. Throws outside of a process. */
export function self(): Pid {
  return requireProcess('self()').pid;
}

/** The pid of the calling process, or undefined outside of any. */
export function selfOrUndefined(): Pid | undefined {
  return callingProcess()?.pid;
}

/** The calling process; outside of any a TypeError that names what was called. */
export function requireProcess(what: string): Process {
  const process = callingProcess();
  if (process === undefined) {
    throw new TypeError(`${what} needs a calling process: call it from inside a process's handler`);
  }
  return process;
}

/**
 * An AbortSignal that is aborted when the calling process dies; for work that should stop with it.
 * Its listeners run as the dead process, whoever ended it: they are fenced (`runOutside` sends), and
 * what they throw is logged and hurts nobody.
 */
export function signal(): AbortSignal {
  const process = requireProcess('signal()');
  let controller = controllers.get(process);
  if (controller === undefined) {
    const made = new AbortController();
    const release = (): void => {
      runAs(process, () => made.abort(process.exitReason));
    };
    process.holdings = smallAdd<Holding>(process.holdings, { release });
    controllers.set(process, made);
    controller = made;
  }
  return controller.signal;
}

const controllers = new WeakMap<Process, AbortController>();
