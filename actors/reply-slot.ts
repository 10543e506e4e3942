/**
 * Where the answer to one request goes: a slot outside the mailbox, so that waiting for it needs no
 * selective receive. It is filled once; a late reply finds it closed and vanishes.
 */
import { after } from './clock.ts';
import type { TimerHandle } from './clock.ts';
import { Exit } from './exit.ts';
import type { ExitReason } from './exit.ts';
import type { Pid } from './pid.ts';
import type { Holding, Process, Watcher } from './process.ts';
import { smallAdd, smallDelete } from './small-set.ts';

declare const replyBrand: unique symbol;

/** Who waits for a reply; what `reply(from, value)` takes. */
export interface From<Reply = unknown> {
  /** The caller; undefined when the call came from outside of any process. */
  readonly pid: Pid | undefined;
  readonly [replyBrand]?: Reply;
}

/** What an exit of the caller names, as OTP's `{gen_server, call, [Server, Request, Timeout]}`. */
export type CallDescription = readonly [operation: string, ...details: unknown[]];

export class ReplySlot implements From, Watcher, Holding {
  readonly #caller: Process | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (exit: Exit) => void;
  readonly #description: CallDescription;
  #target: Process | undefined;
  #timer: TimerHandle | undefined;

  constructor(
    caller: Process | undefined,
    target: Process,
    description: CallDescription,
    timeoutMs: number,
    resolve: (value: unknown) => void,
    reject: (exit: Exit) => void,
  ) {
    this.#caller = caller;
    this.#target = target;
    this.#description = description;
    this.#resolve = resolve;
    this.#reject = reject;
    target.watchers = smallAdd<Watcher>(target.watchers, this);
    if (caller !== undefined) caller.holdings = smallAdd<Holding>(caller.holdings, this);
    if (timeoutMs !== Infinity) this.#timer = after(timeoutMs, () => this.fail('timeout'));
  }

  get pid(): Pid | undefined {
    return this.#caller?.pid;
  }

  get watcherPid(): Pid | undefined {
    return this.#caller?.pid;
  }

  /** Gives the waiting caller its answer. */
  settle(value: unknown): void {
    if (this.#close()) this.#resolve(value);
  }

  /** Makes the waiting caller exit with `[reason, description]`. */
  fail(reason: ExitReason): void {
    if (this.#close()) this.#reject(new Exit([reason, this.#description]));
  }

  targetDied(_target: Process, reason: ExitReason): void {
    this.fail(reason);
  }

  /** The caller died: its code must not go on, so the promise never settles. */
  release(): void {
    this.#close();
  }

  #close(): boolean {
    const target = this.#target;
    if (target === undefined) return false;
    this.#target = undefined;
    target.watchers = smallDelete<Watcher>(target.watchers, this);
    const caller = this.#caller;
    if (caller !== undefined) caller.holdings = smallDelete<Holding>(caller.holdings, this);
    this.#timer?.cancel();
    return true;
  }
}
