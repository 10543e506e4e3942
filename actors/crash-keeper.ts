/**
 * Keeping a crashed step for replay: the callback that ended a process, with what it was given.
 *
 * Nothing is kept unless somebody set a keeper. Then every step of a behaviour is remembered while
 * it runs: the callback, the message, and the state before it. A state that a module changes in
 * place is no longer what it was when the crash comes: such a module exports `snapshot(state)`,
 * which gives plain data of its own and is called *before each step*: that costs what it copies, so
 * it runs only while somebody keeps crashes. Of a module without it the state itself is kept, which
 * is right where each callback returns a new one.
 */
import { wallNow } from './clock.ts';
import { isOrderly } from './exit.ts';
import type { ExitReason } from './exit.ts';
import { log } from './logger.ts';
import type { Name, Pid } from './pid.ts';
import type { Ancestor, Process } from './process.ts';

/** A step that ended a process, with all that is needed to run it again. */
export interface KeptCrash {
  readonly pid: Pid;
  readonly name: Name | undefined;
  readonly ancestors: readonly Ancestor[];
  /** What reports call the process. */
  readonly label: string;
  readonly module: object;
  /** The callback's name, such as `'handleCall'`. */
  readonly callback: string;
  /** Its arguments but the state: a request and its `from`, a message, or the reason of `terminate`. */
  readonly args: readonly unknown[];
  /** The state before the step: what `snapshot` gave where `isSnapshot`, else a reference. */
  readonly state: unknown;
  readonly isSnapshot: boolean;
  readonly reason: ExitReason;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Takes a crash, before anybody else is told of it. It runs while the process ends: be quick. */
export type CrashKeeper = (crash: KeptCrash) => void;

/** A step under way. */
export interface Step {
  readonly module: object;
  readonly callback: string;
  readonly args: readonly unknown[];
  readonly state: unknown;
  readonly isSnapshot: boolean;
}

/** What a module that changes its state in place exports for the keeper. */
export interface Snapshots {
  snapshot?(state: unknown): unknown;
}

let keeper: CrashKeeper | undefined;

/** Puts a keeper in place, or none, and returns the old one. */
export function setCrashKeeper(replacement: CrashKeeper | undefined): CrashKeeper | undefined {
  const old = keeper;
  keeper = replacement;
  return old;
}

/** True while steps have to be remembered. Read before every callback, so it costs no more. */
export function keepsCrashes(): boolean {
  return keeper !== undefined;
}

/** Remembers a step before its callback runs. */
export function stepOf(
  module: Snapshots,
  callback: string,
  args: readonly unknown[],
  state: unknown,
): Step {
  if (module.snapshot === undefined) return { module, callback, args, state, isSnapshot: false };
  try {
    return { module, callback, args, state: module.snapshot(state), isSnapshot: true };
  } catch (error) {
    // Looking at a process must not end it.
    const text = `snapshot() of a state failed, so that only a reference is kept: ${String(error)}`;
    log('warning', { kind: 'message', text }, undefined);
    return { module, callback, args, state, isSnapshot: false };
  }
}

/** Hands a step to the keeper if its end was a crash. A keeper that fails is told of, no more. */
export function keepCrash(process: Process, step: Step, reason: ExitReason): void {
  if (keeper === undefined || isOrderly(reason)) return;
  const { pid, name, ancestors, label } = process;
  try {
    keeper({ pid, name, ancestors, label, ...step, reason, at: wallNow() });
  } catch (error) {
    const text = `the crash keeper failed: ${String(error)}`;
    log('error', { kind: 'message', text }, pid);
  }
}
