/** A task as its owner holds it: who may ask for the outcome, how it is waited for, where it is kept. */
import { after } from '../../actors/clock.ts';
import { callingProcess, runAs } from '../../actors/context.ts';
import type { ExitReason } from '../../actors/exit.ts';
import { demonitor, link, monitor, unlink } from '../../actors/links.ts';
import { makeRef } from '../../actors/pid.ts';
import type { MonitorRef, Pid } from '../../actors/pid.ts';
import type { Holding, Process, Watcher } from '../../actors/process.ts';
import { deliver } from '../../actors/signals.ts';
import { smallAdd, smallDelete } from '../../actors/small-set.ts';
import { millisecondsOf } from '../../actors/time-limit.ts';
import type { TimeLimit } from '../../actors/time-limit.ts';

export const DEFAULT_TIMEOUT_MS = 5_000;

/** @throws RangeError for what is no time */
export function checkTimeLimit(what: string, limit: TimeLimit): void {
  if (millisecondsOf(limit) >= 0) return;
  throw new RangeError(
    `${what} expects a timeout of 0 or more milliseconds, Infinity or 'infinity', got ${String(limit)}`,
  );
}

/** What a task came to. */
export type Outcome<Result> = readonly ['ok', Result] | readonly ['exit', ExitReason];

/** What the owner finds in its mailbox when a task has its result and nobody waits for it. */
export interface TaskMessage<Result = unknown> {
  readonly kind: 'task';
  readonly ref: MonitorRef;
  readonly result: Result;
}

export class Task<Result = unknown> implements Watcher {
  /** Undefined when it was started outside of any process. */
  readonly owner: Pid | undefined;
  readonly #owner: Process | undefined;
  #pid: Pid | undefined;
  #ref: MonitorRef | undefined;
  #outcome: Outcome<Result> | undefined;
  readonly #waiters = new Set<() => void>();
  #over = false;

  constructor(owner: Process | undefined) {
    this.#owner = owner;
    this.owner = owner?.pid;
  }

  /** The task's process; undefined for one that was complete from the beginning. */
  get pid(): Pid | undefined {
    return this.#pid;
  }

  /** Names the task in the messages that the owner gets. */
  get ref(): MonitorRef | undefined {
    return this.#ref;
  }

  get outcome(): Outcome<Result> | undefined {
    return this.#outcome;
  }

  get watcherPid(): Pid | undefined {
    return this.owner;
  }

  /** Its process is there, and has not begun: the owner watches it from here on. */
  begin(process: Process, linked: boolean): void {
    this.#pid = process.pid;
    const owner = this.#owner;
    if (owner === undefined) this.#ref = makeRef();
    else {
      this.#ref = runAs(owner, () => {
        if (linked) link(process.pid);
        return monitor(process.pid);
      });
    }
    // After the monitor, so that its DOWN is in the mailbox when we look for it.
    process.watchers = smallAdd<Watcher>(process.watchers, this);
  }

  /** Its function has returned. */
  complete(result: Result): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = ['ok', result];
    const ref = this.#ref;
    if (this.#waiters.size > 0) this.#wake();
    else if (!this.#over && this.#owner?.alive === true && ref !== undefined) {
      deliver(this.#owner, { kind: 'task', ref, result } satisfies TaskMessage<Result>);
    }
  }

  targetDied(_target: Process, reason: ExitReason): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = ['exit', reason];
    this.#wake();
  }

  #wake(): void {
    for (const settle of [...this.#waiters]) settle();
  }

  /**
   * The outcome once it is there; undefined when the time in milliseconds is over before, or what
   * was put into `stops` is called.
   */
  wait(timeout: TimeLimit, stops?: Set<() => void>): Promise<Outcome<Result> | undefined> {
    const here = this.#outcome;
    if (here !== undefined) return Promise.resolve(here);
    return new Promise(resolve => {
      const owner = this.#owner;
      const settle = (): void => {
        holding.release();
        if (owner !== undefined) owner.holdings = smallDelete<Holding>(owner.holdings, holding);
        resolve(this.#outcome);
      };
      const timeoutMs = millisecondsOf(timeout);
      const timer = timeoutMs === Infinity ? undefined : after(timeoutMs, settle);
      const holding: Holding = {
        // When the owner dies its code must not go on: then the promise never settles.
        release: () => {
          timer?.cancel();
          this.#waiters.delete(settle);
        },
      };
      if (owner !== undefined) owner.holdings = smallAdd<Holding>(owner.holdings, holding);
      this.#waiters.add(settle);
      stops?.add(settle);
    });
  }

  /** Nobody asks any more: what is in the owner's mailbox of it is taken out. */
  close(): void {
    this.#over = true;
    const ref = this.#ref;
    if (this.#owner === undefined || ref === undefined) return;
    demonitor(ref, { flush: true });
    this.#owner.mailbox.extract(message => isResultOf(message, ref));
  }

  /** Only the owner may ask, and only until it has had its answer. */
  check(what: string): void {
    if (callingProcess() !== this.#owner) {
      throw new TypeError(
        `${what}: task ${this.#pid} must be asked by its owner, ${this.owner ?? 'outside'}`,
      );
    }
    if (this.#over) {
      throw new TypeError(`${what}: task ${this.#pid} has been awaited, shut down or ignored`);
    }
  }

  /** Its end is no longer the owner's. */
  unlink(): void {
    if (this.#owner !== undefined && this.#pid !== undefined) unlink(this.#pid);
  }
}

function isResultOf(message: unknown, ref: MonitorRef): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as Partial<TaskMessage>).kind === 'task' &&
    (message as Partial<TaskMessage>).ref === ref
  );
}
