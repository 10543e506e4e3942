/**
 * task: a process that runs one function and whose outcome somebody waits for. See Elixir's `Task`.
 *
 * The process that starts a task owns it: only it can ask for the outcome. As long as it does not
 * wait, the outcome comes to it as messages, `{ kind: 'task', ref, result }` and the DOWN of `ref`.
 */
import { callingProcess } from '../../actors/context.ts';
import { Exit } from '../../actors/exit.ts';
import type { TimeLimit } from '../../actors/time-limit.ts';
import { streamOf } from './async-stream.ts';
import type { AsyncStreamOptions, Mapper, Values } from './async-stream.ts';
import { checkTimeLimit, DEFAULT_TIMEOUT_MS, Task } from './owned-task.ts';
import type { Outcome } from './owned-task.ts';
import { shutdown } from './shutdown.ts';
import { async } from './task-process.ts';

export { shutdown } from './shutdown.ts';
export { async, callers, start, startLink } from './task-process.ts';

/**
 * Waits for the result. The caller *exits* when there will be none, or not in time: the promise
 * rejects with an {@link Exit} `[why, ['await', pid, timeoutMs]]`, where `why` is the task's exit
 * reason or `'timeout'`. It can be called once.
 */
async function awaitTask<Result>(
  task: Task<Result>,
  timeoutMs: TimeLimit = DEFAULT_TIMEOUT_MS,
): Promise<Result> {
  task.check('await()');
  checkTimeLimit('await()', timeoutMs);
  const outcome = await task.wait(timeoutMs);
  task.close();
  if (outcome?.[0] === 'ok') return outcome[1];
  throw new Exit([outcome === undefined ? 'timeout' : outcome[1], ['await', task.pid, timeoutMs]]);
}

/** {@link awaitTask} for several: their results in order, or the exit that came first. */
export async function awaitMany<Result>(
  tasks: readonly Task<Result>[],
  timeoutMs: TimeLimit = DEFAULT_TIMEOUT_MS,
): Promise<Result[]> {
  for (const task of tasks) task.check('awaitMany()');
  return Promise.all(tasks.map(task => awaitTask(task, timeoutMs)));
}

/**
 * The outcome, or undefined when the time is over before; then it may be asked again, or the task
 * be {@link shutdown}.
 */
async function yieldTask<Result>(
  task: Task<Result>,
  timeoutMs: TimeLimit = DEFAULT_TIMEOUT_MS,
): Promise<Outcome<Result> | undefined> {
  task.check('yield()');
  checkTimeLimit('yield()', timeoutMs);
  const outcome = await task.wait(timeoutMs);
  if (outcome !== undefined) task.close();
  return outcome;
}

export { awaitTask as await, yieldTask as yield };

export interface YieldManyOptions {
  readonly timeoutMs?: TimeLimit;
  /** Returns when so many have come to something; default all. */
  readonly limit?: number;
  /** What becomes of the others: they go on (default), are ignored, or are killed. */
  readonly onTimeout?: 'nothing' | 'ignore' | 'kill_task';
}

/** Each task with its outcome, undefined for those that have none when the time is over. */
export async function yieldMany<Result>(
  tasks: readonly Task<Result>[],
  options: YieldManyOptions = {},
): Promise<(readonly [Task<Result>, Outcome<Result> | undefined])[]> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, limit = tasks.length, onTimeout = 'nothing' } = options;
  if (!(limit >= 1) && tasks.length > 0) {
    throw new RangeError(`yieldMany() expects a limit of 1 or more, got ${limit}`);
  }
  for (const task of tasks) task.check('yieldMany()');
  checkTimeLimit('yieldMany()', timeoutMs);
  const outcomes = new Map<Task<Result>, Outcome<Result>>();
  const stops = new Set<() => void>();
  let enough = (): void => undefined;
  const reached = new Promise<void>(resolve => {
    enough = resolve;
  });
  const each = tasks.map(async task => {
    const outcome = await task.wait(timeoutMs, stops);
    if (outcome === undefined || outcomes.size >= limit) return;
    outcomes.set(task, outcome);
    if (outcomes.size >= limit) enough();
  });
  await Promise.race([reached, Promise.all(each)]);
  for (const stop of stops) stop();
  const rows: (readonly [Task<Result>, Outcome<Result> | undefined])[] = [];
  for (const task of tasks) {
    let outcome = outcomes.get(task);
    if (outcome !== undefined) task.close();
    else if (onTimeout === 'kill_task') outcome = await shutdown(task, 'brutal_kill');
    else if (onTimeout === 'ignore') outcome = ignore(task);
    rows.push([task, outcome]);
  }
  return rows;
}

/** The owner has no more to do with the task, which goes on. Its outcome if it is there. */
export function ignore<Result>(task: Task<Result>): Outcome<Result> | undefined {
  task.check('ignore()');
  task.unlink();
  task.close();
  return task.outcome;
}

/** A task that has its result from the beginning, and no process. */
export function completed<Result>(result: Result): Task<Result> {
  const task = new Task<Result>(callingProcess());
  task.complete(result);
  return task;
}

/**
 * The outcome of the function for each value, some tasks at a time, without a supervisor; linked to
 * the caller as those of {@link async}. See `taskSupervisor.asyncStream`, which has the same options
 * but `shutdown`.
 */
export function asyncStream<Value, Result>(
  values: Values<Value>,
  run: Mapper<Value, Result>,
  options: Omit<AsyncStreamOptions, 'shutdown'> = {},
): AsyncGenerator<Outcome<Result>, void, undefined> {
  return streamOf(async, values, run, options);
}
