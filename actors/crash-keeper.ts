/**
 * Keeping a crashed step for replay: the callback that ended a process, with what it was given.
 *
 * Nothing is kept unless somebody set a keeper. Then every step of a behaviour is remembered while
 * it runs: the callback, the message, and the state before it. A state that a module changes in
 * place is no longer what it was when the crash comes: such a module exports `snapshot(state)`,
 * which gives plain data of its own and is called *before each step*: that costs what it copies, so
 * it runs only while somebody keeps crashes. Who keeps them may bring a way for modules that have
 * none. Of all others the state itself is kept, which is right where each callback returns a new one.
 *
 * A start that fails is kept as a step of `init`, with the argument in the state's place. What a step
 * began without waiting for it may fail later: that is kept with the step if it says so.
 *
 * What a step was answered is kept as well: a callback that awaits calls goes on with their answers.
 */
import { requireFunction } from './bad-argument.ts';
import { wallNow } from './clock.ts';
import { owningProcess, runOutside } from './context.ts';
import { isOrderly, reasonOf } from './exit.ts';
import type { ExitReason } from './exit.ts';
import { log } from './logger.ts';
import type { Name, Pid } from './pid.ts';
import type { Ancestor, Process } from './process.ts';
import { isThenable } from './thenable.ts';

/** A step that ended a process, with all that is needed to run it again. */
export interface KeptCrash {
  readonly pid: Pid;
  readonly name: Name | undefined;
  readonly ancestors: readonly Ancestor[];
  /** What reports call the process. */
  readonly label: string;
  /** On whose behalf it ran, see `code`. */
  readonly codeKey: string | undefined;
  readonly module: object;
  /** The callback's name, such as `'handleCall'`. */
  readonly callback: string;
  /** Its arguments but the state: a request and its `from`, a message, or the reason of `terminate`. */
  readonly args: readonly unknown[];
  /** The state before the step: what `snapshot` gave where `isSnapshot`, else a reference. */
  readonly state: unknown;
  readonly isSnapshot: boolean;
  /** What its calls were answered during the step, in the order of the answers. */
  readonly answers: readonly KeptAnswer[];
  readonly reason: ExitReason;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A call that was answered, or that made its caller exit. */
export interface KeptAnswer {
  /** As in the exit reason of a call that fails: `['call', server, kind, timeoutMs]`. */
  readonly call: readonly unknown[];
  readonly answer: { readonly value: unknown } | { readonly exit: ExitReason };
}

/** Takes a crash, before anybody else is told of it. It runs while the process ends, as nobody: be quick. */
export type CrashKeeper = (crash: KeptCrash) => void;

/** A step under way. */
export interface Step {
  readonly module: object;
  readonly callback: string;
  readonly args: readonly unknown[];
  readonly state: unknown;
  readonly isSnapshot: boolean;
  /** How many answers had been kept before it began. */
  readonly began: number;
}

/** Plain data that stands for the state; undefined where a reference is as good. */
export type Snapshot = (module: object, state: unknown) => unknown;

/** What a module that changes its state in place exports for the keeper. */
export interface Snapshots {
  snapshot?(state: unknown): unknown;
}

let keeper: CrashKeeper | undefined;
let snapshotOf: Snapshot | undefined;

/**
 * Puts a keeper in place, or none, and returns the old one.
 * @param snapshot for the states of modules that have no `snapshot` of their own
 */
export function setCrashKeeper(
  replacement: CrashKeeper | undefined,
  snapshot?: Snapshot,
): CrashKeeper | undefined {
  if (replacement !== undefined) requireFunction('setCrashKeeper()', replacement);
  const old = keeper;
  keeper = replacement;
  snapshotOf = snapshot;
  return old;
}

/** More than one step waits for. */
const ANSWERS_AT_MOST = 1_000;
let answersKept = 0;
/** The newest answers of each process, numbered. */
const answers = new WeakMap<Process, (KeptAnswer & { readonly n: number })[]>();

/** Keeps what the process's call is answered, while somebody keeps crashes. */
export function keepAnswer<T>(
  caller: Process | undefined,
  call: readonly unknown[],
  pending: Promise<T>,
): Promise<T> {
  if (keeper === undefined || caller === undefined) return pending;
  const keep = (answer: KeptAnswer['answer']): void => {
    const kept = answers.get(caller) ?? [];
    if (kept.length === 0) answers.set(caller, kept);
    kept.push({ n: (answersKept += 1), call, answer });
    if (kept.length > ANSWERS_AT_MOST) kept.shift();
  };
  return pending.then(
    value => {
      keep({ value });
      return value;
    },
    (thrown: unknown) => {
      keep({ exit: reasonOf(thrown) });
      throw thrown;
    },
  );
}

/** True while steps have to be remembered. Read before every callback, so it costs no more. */
export function keepsCrashes(): boolean {
  return keeper !== undefined;
}

/** The step that each process is in, or was in last. */
const steps = new WeakMap<Process, Step>();
/** In which step that began which failed later. */
const beginnings = new WeakMap<object, Step>();

/** Remembers a step before its callback runs. */
export function stepOf(
  module: Snapshots,
  callback: string,
  args: readonly unknown[],
  state: unknown,
): Step {
  const step = remembered({ module, callback, args, began: answersKept }, state, () =>
    module.snapshot === undefined ? snapshotOf?.(module, state) : module.snapshot(state),
  );
  const process = owningProcess();
  if (process !== undefined) steps.set(process, step);
  return step;
}

/** Remembers a start before `init` runs: its argument stands in the place of the state. */
export function startOf(module: object, argument: unknown): Step {
  return remembered({ module, callback: 'init', args: [], began: answersKept }, argument, () =>
    snapshotOf?.(module, argument),
  );
}

function remembered(
  step: Omit<Step, 'state' | 'isSnapshot'>,
  state: unknown,
  take: () => unknown,
): Step {
  try {
    const snapshot = take();
    if (snapshot !== undefined) return { ...step, state: snapshot, isSnapshot: true };
  } catch (error) {
    // Looking at a process must not end it.
    const text = `snapshot() of a state failed, so that only a reference is kept: ${String(error)}`;
    log('warning', { kind: 'message', text }, undefined);
  }
  return { ...step, state, isSnapshot: false };
}

/**
 * For a callback that begins something and does not wait for it: if that fails, say so with what this
 * returns (`failedIn`), and the step in which it began is kept.
 */
export function stepUnderWay(): Step | undefined {
  const process = keeper === undefined ? undefined : owningProcess();
  return process && steps.get(process);
}

/** This was thrown by what began in that step. Then throw it. */
export function failedIn(step: Step | undefined, thrown: unknown): void {
  if (step !== undefined && typeof thrown === 'object' && thrown !== null)
    beginnings.set(thrown, step);
}

/**
 * Keeps what was thrown outside of any step: with the step in which it began if that is known, else
 * with the state of now under the callback `'detached'`, to be read.
 */
export function keepDetached(
  process: Process,
  thrown: unknown,
  now: { readonly module: object; readonly state: unknown } | undefined,
): void {
  if (keeper === undefined || !process.alive) return;
  const began = typeof thrown === 'object' && thrown !== null ? beginnings.get(thrown) : undefined;
  const step: Step | undefined =
    began ??
    (now && { ...now, callback: 'detached', args: [], isSnapshot: false, began: answersKept });
  if (step !== undefined) keepCrash(process, step, reasonOf(thrown));
}

/** Hands a step to the keeper if its end was a crash. A keeper that fails is told of, no more. */
export function keepCrash(process: Process, step: Step, reason: ExitReason): void {
  if (keeper === undefined || isOrderly(reason)) return;
  const keep = keeper;
  const { pid, name, ancestors, label, codeKey } = process;
  const { began, ...what } = step;
  const own = (answers.get(process) ?? []).flatMap(({ n, call, answer }) =>
    n > began ? [{ call, answer }] : [],
  );
  const crash = {
    pid,
    name,
    ancestors,
    label,
    codeKey,
    ...what,
    answers: own,
    reason,
    at: wallNow(),
  };
  const failed = (error: unknown): void => {
    const text = `the crash keeper failed: ${String(error)}`;
    log('error', { kind: 'message', text }, pid);
  };
  try {
    // As nobody: what it looks up is not what the process used.
    runOutside(() => {
      const kept: unknown = keep(crash);
      if (isThenable(kept)) kept.then(undefined, failed);
    });
  } catch (error) {
    failed(error);
  }
}
