/** The process of a task: runs its function as soon as its starter has been answered, then ends. */
import { requireFunction } from '../../actors/bad-argument.ts';
import { callingProcess, requireProcess } from '../../actors/context.ts';
import { Exit, reasonOf } from '../../actors/exit.ts';
import {
  start as startServer,
  startLink as startLinked,
} from '../../actors/gen-server/gen-server.ts';
import { isReturn } from '../../actors/gen-server/throw-returns.ts';
import type { GenServer, StartResult } from '../../actors/gen-server/types.ts';
import type { Pid } from '../../actors/pid.ts';
import type { Process } from '../../actors/process.ts';
import { Task } from './owned-task.ts';

/** What a task runs; what it throws is the task's exit. */
export type TaskFunction<Result> = () => Result | Promise<Result>;

export interface Work<Result = unknown> {
  readonly run: TaskFunction<Result>;
  /** On whose behalf it runs, which is not always who starts its process. */
  readonly caller: Process | undefined;
  /** Who waits for the outcome; without one nobody does. */
  readonly task?: Task<Result>;
  /** Whether the owner of the task is linked to it. */
  readonly linked?: boolean;
}

const taskServer: GenServer<Work, Work, never, never, never, 'run'> = {
  init(work) {
    const process = requireProcess('init()');
    // Who asked is gone: nobody wants the outcome.
    if (work.task !== undefined && work.caller?.alive === false) return ['ignore'];
    lineages.set(process, callersUnder(work.caller));
    work.task?.begin(process, work.linked === true);
    return ['ok', work, { continue: 'run' }];
  },

  handleContinue(_run, work) {
    const finish = (result: unknown): readonly ['stop', 'normal', Work] => {
      work.task?.complete(result);
      return ['stop', 'normal', work];
    };
    let running: unknown;
    try {
      running = work.run();
    } catch (thrown) {
      throw uncaught(thrown);
    }
    if (!(running instanceof Promise)) return finish(running);
    return running.then(finish, (thrown: unknown) => {
      throw uncaught(thrown);
    });
  },
};

/** What a task throws is no result of a callback: nobody catches it, `{nocatch, Value}`. */
function uncaught(thrown: unknown): unknown {
  return isReturn(thrown) ? new Exit(reasonOf(thrown)) : thrown;
}

const OPTIONS = { label: 'task' } as const;

/** Starts the process, linked to the calling process, which is its supervisor as a rule. */
export function startTask(work: Work): Promise<StartResult> {
  requireFunction('a task', work.run);
  return startLinked(taskServer, work, OPTIONS);
}

/** Starts the function as a process of its own, linked to nobody; nobody learns what came of it. */
export function start(run: TaskFunction<unknown>): Promise<StartResult> {
  requireFunction('a task', run);
  return startServer(taskServer, { run, caller: callingProcess() }, OPTIONS);
}

/** As {@link start}, linked to the calling process; for a child specification. */
export function startLink(run: TaskFunction<unknown>): Promise<StartResult> {
  return startTask({ run, caller: callingProcess() });
}

/** Runs the function in a process that is linked to the caller; `await` gives its result. */
export function async<Result>(run: TaskFunction<Result>): Task<Result> {
  const caller = callingProcess();
  const task = new Task<Result>(caller);
  void startTask({ run, caller, task, linked: true });
  return task;
}

const lineages = new WeakMap<Process, readonly Pid[]>();

function callersUnder(caller: Process | undefined): readonly Pid[] {
  return caller === undefined ? [] : [caller.pid, ...(lineages.get(caller) ?? [])];
}

/**
 * On whose behalf the calling task runs: who asked for it, on whose behalf that one ran, and so on
 * (Elixir's `$callers`). Its parent and ancestors are its supervisor's. Empty outside of a task.
 */
export function callers(): readonly Pid[] {
  const process = callingProcess();
  return process === undefined ? [] : (lineages.get(process) ?? []);
}
