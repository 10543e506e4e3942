/**
 * Processes that say themselves when they have started: `start/3`, `start_link/3`, `start_monitor/3`,
 * `init_ack/1` and `init_fail/2` of `proc_lib.erl`, for what is no behaviour, or becomes one by
 * `enterLoop`. `spawn` of `proc_lib` is our `spawn`: every process has ancestors and crash reports.
 */
import { badArgument, requireOptions } from './bad-argument.ts';
import { after } from './clock.ts';
import type { TimerHandle } from './clock.ts';
import { callingProcess, requireProcess, runAs } from './context.ts';
import { Exit, reasonOf } from './exit.ts';
import type { ExitReason } from './exit.ts';
import type { StartResult } from './gen-server/types.ts';
import { monitorProcess, unlinkProcesses } from './links.ts';
import { requireStartName, takeName, whereis } from './names.ts';
import type { MonitorRef } from './pid.ts';
import type { Holding, Process } from './process.ts';
import { crash, die, wake } from './signals.ts';
import { smallAdd, smallDelete } from './small-set.ts';
import type { StartName } from './server-ref.ts';
import { Bare, createProcess } from './spawn.ts';
import type { MessageHandler, SpawnOptions } from './spawn.ts';
import { settledStart } from './start-result.ts';
import { isSpecial, SpecialLoop } from './sys/special-process.ts';
import { isThenable } from './thenable.ts';
import { startLimit } from './time-limit.ts';
import type { TimeLimit } from './time-limit.ts';

export { stop } from './gen-server/gen-server.ts';
export { spawn, spawnLink, spawnMonitor } from './spawn.ts';

export interface InitOptions extends Omit<SpawnOptions, 'link'> {
  /** How long it may take to `initAck`, in milliseconds; default without end. Past it: killed, `'timeout'`. */
  readonly timeoutMs?: TimeLimit;
}

/**
 * What a process begins with. It calls {@link initAck} when it is ready, and goes on. It returns the
 * handler of its messages or a `sys.SpecialProcess` (or a promise of one), or has become a server by
 * `enterLoop`; if neither, it ends `'normal'`.
 */
export type InitFunction = () => unknown;

/** Raised in the process that failed: `['exit', reason]`, `['error', error]` or `['throw', value]`. */
export type InitException = readonly ['exit' | 'error' | 'throw', unknown];

/**
 * Starts a process with the function, inline, as the new process, and waits until it has called
 * {@link initAck}, with which value the start is answered, or {@link initFail}. When it ended before:
 * `['error', reason]`, and no exit signal comes to the starter.
 */
export function start<Answer = StartResult>(
  init: InitFunction,
  options: InitOptions = {},
): Promise<Answer> {
  return startWith(init, options, undefined).answer as Promise<Answer>;
}

/** As {@link start}, linked to the calling process. */
export function startLink<Answer = StartResult>(
  init: InitFunction,
  options: InitOptions = {},
): Promise<Answer> {
  requireOptions('procLib.startLink()', options);
  return startWith(init, { ...options, link: true }, undefined).answer as Promise<Answer>;
}

/** As {@link start}, monitored by the calling process: a failed start's DOWN comes as well. */
export async function startMonitor<Answer = StartResult>(
  init: InitFunction,
  options: InitOptions = {},
): Promise<readonly [Answer, MonitorRef]> {
  requireProcess('startMonitor()');
  const { answer, ref } = startWith(init, options, 'startMonitor()');
  return [(await answer) as Answer, ref as MonitorRef];
}

/** Tells the starter that the process has started; what it says is what the start answers. */
export function initAck(answer: unknown): void {
  startOf('initAck()')?.acknowledge(answer);
}

/**
 * Tells the starter that the process could not start: it dies by the exception, and then the start
 * answers. `['exit', 'normal']` fails without a crash report.
 */
export function initFail(answer: unknown, exception: InitException): never {
  startOf('initFail()')?.failWith(answer);
  throw raised(exception);
}

function raised(exception: InitException): Error {
  const [kind, value] = Array.isArray(exception) ? exception : [exception];
  if (!['exit', 'error', 'throw'].includes(kind as string)) {
    return badArgument('initFail()', "['exit' | 'error' | 'throw', value]", exception);
  }
  if (kind === 'exit') return new Exit(value);
  if (kind === 'error' && value instanceof Error) return value;
  const reason = kind === 'throw' ? ['nocatch', value] : value;
  return new Exit({ reason, stack: '' });
}

const starts = new WeakMap<Process, Start>();

function startOf(what: string): Start | undefined {
  return starts.get(requireProcess(what));
}

/** A start that is not answered yet. */
class Start implements Holding {
  /** What is known when the function has run. */
  answered: { readonly value: unknown } | undefined;
  readonly #process: Process;
  readonly #starter: Process | undefined;
  #resolve: ((value: unknown) => void) | undefined;
  #timer: TimerHandle | undefined;
  #timedOut = false;
  #failure: { readonly value: unknown } | undefined;

  constructor(process: Process, starter: Process | undefined, timeoutMs: number) {
    this.#process = process;
    this.#starter = starter;
    process.holdings = smallAdd<Holding>(process.holdings, this);
    starts.set(process, this);
    if (timeoutMs !== Infinity) {
      this.#timer = after(timeoutMs, () => {
        this.#timedOut = true;
        die(process, 'killed');
      });
    }
  }

  outcome(): Promise<unknown> {
    if (this.answered !== undefined) return settledStart(this.answered.value as StartResult);
    return new Promise(resolve => (this.#resolve = resolve));
  }

  /** From here on it is a process like any other: its end is its starter's business by the link. */
  acknowledge(value: unknown): void {
    const process = this.#process;
    process.holdings = smallDelete<Holding>(process.holdings, this);
    if (process.phase === 'starting') process.phase = 'awaiting';
    this.#answer(value);
  }

  failWith(value: unknown): void {
    this.#failure = { value };
  }

  /** The process died without having said anything. */
  release(): void {
    if (this.#starter !== undefined) unlinkProcesses(this.#starter, this.#process);
    const reason: ExitReason = this.#timedOut ? 'timeout' : this.#process.exitReason;
    this.#answer(this.#failure === undefined ? ['error', reason] : this.#failure.value);
  }

  #answer(value: unknown): void {
    starts.delete(this.#process);
    this.#timer?.cancel();
    this.answered = { value };
    this.#resolve?.(value);
  }
}

interface Started {
  readonly answer: Promise<unknown>;
  readonly ref: MonitorRef | undefined;
}

function startWith(
  init: InitFunction,
  options: SpawnOptions & InitOptions,
  monitoring: string | undefined,
): Started {
  if (typeof init !== 'function') {
    throw new TypeError(`procLib.start() expects a function, got ${typeof init}`);
  }
  requireOptions('procLib.start()', options);
  if (options.name !== undefined) requireStartName('procLib.start()', options.name);
  const timeoutMs = startLimit(options.timeoutMs);
  const starter = callingProcess();
  const process = createProcess(undefined, options.label ?? (init.name || 'start'), options);
  process.phase = 'starting';
  const ref = monitoring === undefined ? undefined : monitorProcess(process, monitoring);
  const start = new Start(process, starter, timeoutMs);
  let result: unknown;
  try {
    if (named(process, options.name, start)) result = runAs(process, () => init());
  } catch (thrown) {
    crash(process, reasonOf(thrown));
  }
  if (isThenable(result)) {
    result.then(
      handler => goOn(process, handler),
      (thrown: unknown) => crash(process, reasonOf(thrown)),
    );
  } else goOn(process, result);
  return { answer: start.outcome(), ref };
}

/** False when the name is taken, and the process dead. */
function named(process: Process, name: StartName | undefined, start: Start): boolean {
  if (name === undefined) return true;
  const holder = whereis(name);
  if (holder === undefined && takeName(process, name)) return true;
  start.failWith(['error', ['already_started', holder ?? whereis(name)]]);
  die(process, 'normal');
  return false;
}

/** The function has run. Without anything that handles messages the process is at its end. */
function goOn(process: Process, handler: unknown): void {
  if (!process.alive) return;
  if (typeof handler === 'function') process.behaviour ??= new Bare(handler as MessageHandler);
  else if (isSpecial(handler)) process.behaviour ??= new SpecialLoop(process, handler);
  if (process.behaviour === undefined) die(process, 'normal');
  else wake(process);
}
