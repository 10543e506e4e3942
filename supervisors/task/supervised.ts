/** Starting tasks as children of a task supervisor. */
import { requireFunction } from '../../actors/bad-argument.ts';
import { callingProcess } from '../../actors/context.ts';
import { Exit } from '../../actors/exit.ts';
import type { StartResult } from '../../actors/gen-server/types.ts';
import type { Shutdown } from '../../actors/termination.ts';
import type { Restart } from '../child-spec.ts';
import { startChild as startDynamicChild } from '../dynamic-supervisor.ts';
import type { SupervisorRef } from '../supervisor.ts';
import { Task } from './owned-task.ts';
import { startTask } from './task-process.ts';
import type { TaskFunction, Work } from './task-process.ts';

export interface TaskOptions {
  /** How it is ended with its supervisor; default 5,000 ms. */
  readonly shutdown?: Shutdown;
}

export interface TaskChildOptions extends TaskOptions {
  /** Default `temporary`. */
  readonly restart?: Restart;
}

/** Starts a task that the caller owns. Past `maxChildren` a RangeError. */
export async function startOwned<Result>(
  supervisor: SupervisorRef,
  run: TaskFunction<Result>,
  linked: boolean,
  options: TaskOptions,
): Promise<Task<Result>> {
  const caller = callingProcess();
  const task = new Task<Result>(caller);
  const result = await startWork(supervisor, { run, caller, task, linked }, options);
  if (result[0] === 'ok') return task;
  const why = result[1];
  if (why === 'max_children') {
    throw new RangeError(
      'the task supervisor has as many tasks as its maxChildren allows: raise it, wait for some ' +
        'of them, or lower the maxConcurrency of a stream',
    );
  }
  throw new Exit(why);
}

/** Starts the process of a task as a child of the supervisor. */
export function startWork(
  supervisor: SupervisorRef,
  work: Work,
  { restart = 'temporary', shutdown = 5_000 }: TaskChildOptions,
): Promise<StartResult> {
  requireFunction('a task', work.run);
  return startDynamicChild(supervisor, { start: () => startTask(work), restart, shutdown });
}
