/** task-supervisor: a dynamic supervisor of tasks. See Elixir's `Task.Supervisor`. */
import { callingProcess } from '../../actors/context.ts';
import type { StartResult } from '../../actors/gen-server/types.ts';
import type { Pid } from '../../actors/pid.ts';
import { startLink as startDynamic, whichChildren } from '../dynamic-supervisor.ts';
import type { DynamicSupervisorOptions } from '../dynamic-supervisor.ts';
import type { SupervisorRef } from '../supervisor.ts';
import { streamOf } from './async-stream.ts';
import type { AsyncStreamOptions, Mapper, Values } from './async-stream.ts';
import type { Outcome, Task } from './owned-task.ts';
import { startOwned, startWork } from './supervised.ts';
import type { TaskChildOptions, TaskOptions } from './supervised.ts';
import type { TaskFunction } from './task-process.ts';

export { countChildren, stop, terminateChild } from '../dynamic-supervisor.ts';

export type TaskSupervisorOptions = Pick<
  DynamicSupervisorOptions,
  'name' | 'maxChildren' | 'intensity' | 'period'
>;

/** Starts one linked to the caller; 3 restarts in 5 s, which only count for tasks that restart. */
export function startLink(options: TaskSupervisorOptions = {}): Promise<StartResult> {
  return startDynamic(options);
}

/**
 * Runs the function in a child of the supervisor, linked to the caller too.
 * @throws RangeError when the supervisor has `maxChildren` already
 */
export function async<Result>(
  supervisor: SupervisorRef,
  run: TaskFunction<Result>,
  options: TaskOptions = {},
): Promise<Task<Result>> {
  return startOwned(supervisor, run, true, options);
}

/** As {@link async}, but the caller does not end with the task: it learns of it by `await`, or DOWN. */
export function asyncNolink<Result>(
  supervisor: SupervisorRef,
  run: TaskFunction<Result>,
  options: TaskOptions = {},
): Promise<Task<Result>> {
  return startOwned(supervisor, run, false, options);
}

/** Runs the function in a child; nobody waits for it. The start's result, or `'max_children'`. */
export function startChild(
  supervisor: SupervisorRef,
  run: TaskFunction<unknown>,
  options: TaskChildOptions = {},
): Promise<StartResult> {
  return startWork(supervisor, { run, caller: callingProcess() }, options);
}

/** The pids of all tasks that run, the oldest first. */
export async function children(supervisor: SupervisorRef): Promise<Pid[]> {
  const rows = await whichChildren(supervisor);
  return rows.flatMap(({ pid }) => (typeof pid === 'number' ? [pid] : []));
}

/**
 * Gives the outcome of the function for each value. The tasks are linked to the caller: when one
 * crashes so does the caller, unless it traps exits; then it gets `['exit', reason]`. Values are
 * taken when there is room for a task. Tasks that still run when the consumer stops are killed.
 */
export function asyncStream<Value, Result>(
  supervisor: SupervisorRef,
  values: Values<Value>,
  run: Mapper<Value, Result>,
  options: AsyncStreamOptions = {},
): AsyncGenerator<Outcome<Result>, void, undefined> {
  return streamOf(work => startOwned(supervisor, work, true, options), values, run, options);
}

/** As {@link asyncStream}, without links: a task's crash is only its outcome. */
export function asyncStreamNolink<Value, Result>(
  supervisor: SupervisorRef,
  values: Values<Value>,
  run: Mapper<Value, Result>,
  options: AsyncStreamOptions = {},
): AsyncGenerator<Outcome<Result>, void, undefined> {
  return streamOf(work => startOwned(supervisor, work, false, options), values, run, options);
}
