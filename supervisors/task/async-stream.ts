/**
 * asyncStream: a task for each value, some of them at a time. See `Task.Supervisor.async_stream`.
 */
import { availableParallelism } from 'node:os';
import { callingProcess } from '../../actors/context.ts';
import { Exit } from '../../actors/exit.ts';
import { isExit } from '../../actors/parent-exit.ts';
import type { TimeLimit } from '../../actors/time-limit.ts';
import { isShutdown } from '../child-spec.ts';
import { checkTimeLimit, DEFAULT_TIMEOUT_MS } from './owned-task.ts';
import type { Outcome, Task } from './owned-task.ts';
import { shutdown } from './shutdown.ts';
import type { TaskOptions } from './supervised.ts';

export interface AsyncStreamOptions extends TaskOptions {
  /** How many tasks run at a time; default one for each processor. */
  readonly maxConcurrency?: number;
  /** Outcomes come in the order of the values (default), or as they are ready. */
  readonly ordered?: boolean;
  /** What one task may take in milliseconds; default 5,000. */
  readonly timeoutMs?: TimeLimit;
  /** Past it the caller exits with `['timeout', …]` (default), or only that task ends. */
  readonly onTimeout?: 'exit' | 'kill_task';
  /** Adds the value to the exit of its task: `['exit', [value, reason]]`. */
  readonly zipInputOnExit?: boolean;
}

export type Values<Value> = Iterable<Value> | AsyncIterable<Value>;
export type Mapper<Value, Result> = (value: Value) => Result | Promise<Result>;

/** Starts one task that the caller owns. */
type Starter<Result> = (
  run: () => Result | Promise<Result>,
) => Task<Result> | Promise<Task<Result>>;

/**
 * Gives the outcome of the function for each value.
 * @throws TypeError or RangeError, before anything is started, for options that are none
 */
export function streamOf<Value, Result>(
  start: Starter<Result>,
  values: Values<Value>,
  run: Mapper<Value, Result>,
  options: AsyncStreamOptions,
): AsyncGenerator<Outcome<Result>, void, undefined> {
  checkOptions(options);
  if (typeof run !== 'function') throw new TypeError('asyncStream() expects a function to run');
  if (!isIterable(values)) throw new TypeError('asyncStream() expects something iterable');
  return stream(start, values, run, options);
}

function checkOptions({
  maxConcurrency = 1,
  timeoutMs = 0,
  onTimeout,
  shutdown,
}: AsyncStreamOptions): void {
  if (!Number.isSafeInteger(maxConcurrency) || maxConcurrency < 1) {
    throw new RangeError(
      `asyncStream() expects a maxConcurrency of 1 or more, got ${maxConcurrency}`,
    );
  }
  checkTimeLimit('asyncStream()', timeoutMs);
  if (![undefined, 'exit', 'kill_task'].includes(onTimeout)) {
    throw new TypeError(
      `asyncStream() expects onTimeout to be 'exit' or 'kill_task', got ${onTimeout}`,
    );
  }
  if (shutdown !== undefined && !isShutdown(shutdown)) {
    throw new TypeError(
      `asyncStream() expects shutdown to be milliseconds, 'brutal_kill' or 'infinity', got ${String(shutdown)}`,
    );
  }
}

function isIterable(values: unknown): boolean {
  if (typeof values === 'string') return true;
  if (typeof values !== 'object' || values === null) return false;
  return Symbol.iterator in values || Symbol.asyncIterator in values;
}

/** One task of a stream and where its outcome belongs. */
interface Entry<Value, Result> {
  readonly position: number;
  readonly value: Value;
  readonly task: Task<Result>;
  readonly ended: Promise<Ended<Value, Result>>;
}

interface Ended<Value, Result> {
  readonly entry: Entry<Value, Result>;
  readonly outcome: Outcome<Result> | 'timeout';
}

async function* stream<Value, Result>(
  start: Starter<Result>,
  values: Values<Value>,
  run: Mapper<Value, Result>,
  options: AsyncStreamOptions,
): AsyncGenerator<Outcome<Result>, void, undefined> {
  const {
    ordered = true,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    onTimeout = 'exit',
    zipInputOnExit = false,
  } = options;
  const { maxConcurrency = availableParallelism() } = options;
  const running = new Map<number, Entry<Value, Result>>();
  /** What came before its turn. */
  const early = new Map<number, Outcome<Result>>();
  let delivered = 0;
  let spawned = 0;

  const spawn = async (value: Value): Promise<void> => {
    const task = await start(() => run(value));
    const position = spawned;
    spawned += 1;
    const entry: Entry<Value, Result> = {
      position,
      value,
      task,
      ended: task.wait(timeoutMs).then(outcome => ({ entry, outcome: outcome ?? 'timeout' })),
    };
    running.set(position, entry);
  };

  const finish = async ({ entry, outcome }: Ended<Value, Result>): Promise<Outcome<Result>> => {
    if (outcome === 'timeout' && onTimeout === 'exit') {
      throw new Exit(['timeout', ['asyncStream', timeoutMs]]);
    }
    running.delete(entry.position);
    const last = await close(entry.task);
    const end = outcome === 'timeout' ? (last ?? TIMEOUT) : outcome;
    return end[0] === 'exit' && zipInputOnExit ? ['exit', [entry.value, end[1]]] : end;
  };

  const input = iteratorOf(values);
  let more = true;
  try {
    while (more || running.size > 0) {
      while (more && running.size < maxConcurrency) {
        const next = await input.next();
        if (next.done === true) more = false;
        else await spawn(next.value);
      }
      if (running.size === 0) break;
      const ended = await Promise.race([...running.values()].map(entry => entry.ended));
      const outcome = await finish(ended);
      if (!ordered) yield outcome;
      else early.set(ended.entry.position, outcome);
      for (let ready = early.get(delivered); ready !== undefined; ready = early.get(delivered)) {
        early.delete(delivered);
        delivered += 1;
        yield ready;
      }
    }
  } finally {
    if (more) await input.return?.();
    for (const { task } of running.values()) await close(task);
  }
}

const TIMEOUT = ['exit', 'timeout'] as const;

/** Ends the task if it still runs, and takes the EXIT of a linked one out of the mailbox. */
async function close<Result>(task: Task<Result>): Promise<Outcome<Result> | undefined> {
  const outcome = await shutdown(task, 'brutal_kill');
  const owner = callingProcess();
  owner?.mailbox.extract(message => isExit(message) && message.pid === task.pid);
  return outcome;
}

function iteratorOf<Value>(values: Values<Value>): AsyncIterator<Value> | Iterator<Value> {
  return Symbol.asyncIterator in values
    ? values[Symbol.asyncIterator]()
    : values[Symbol.iterator]();
}
