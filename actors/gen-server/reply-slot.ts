/**
 * Where the answer to one request goes: a slot outside the mailbox, so that waiting for it needs no
 * selective receive. It is filled once; a late reply finds it closed and vanishes.
 */
import { shown } from '../bad-argument.ts';
import { after } from '../clock.ts';
import type { TimerHandle } from '../clock.ts';
import { Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import type { From } from './from.ts';
import { asData } from '../isolates/escape.ts';
import { demonitorRemote } from '../isolates/outgoing.ts';
import { awaitSignal, stopAwaiting } from '../isolates/waiting.ts';
import type { Waiting } from '../isolates/waiting.ts';
import { makeRef, thisIsolate } from '../pid.ts';
import type { Pid } from '../pid.ts';
import type { Holding, Process, Watcher } from '../process.ts';
import { smallAdd, smallDelete } from '../small-set.ts';

/** What an exit of the caller names, as OTP's `{gen_server, call, [Server, Request, Timeout]}`. */
export type CallDescription = readonly [operation: string, ...details: unknown[]];

/** Who can be answered, wherever it is. */
export interface Replier extends From {
  /** Gives the waiting caller its answer. */
  settle(value: unknown): void;
  /** Makes the waiting caller exit with `[reason, …]`. */
  fail(reason: ExitReason): void;
}

export class ReplySlot implements Replier, Watcher, Holding, Waiting {
  readonly #caller: Process | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (exit: Exit) => void;
  readonly #description: CallDescription;
  /** Who is asked, or the number of its isolate; undefined once the slot is closed. */
  #target: Process | number | undefined;
  #timer: TimerHandle | undefined;
  /** Other isolates know the slot by a number; 0 as long as none had to. */
  #ref = 0;

  constructor(
    caller: Process | undefined,
    target: Process | number,
    description: CallDescription,
    timeoutMs: number,
    resolve: (value: unknown) => void,
    reject: (exit: Exit) => void,
  ) {
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
      throw new RangeError(
        `${description[0]}: the timeout must be 0 or more milliseconds, Infinity or 'infinity', got ${shown(timeoutMs)}`,
      );
    }
    this.#caller = caller;
    this.#target = target;
    this.#description = description;
    this.#resolve = resolve;
    this.#reject = reject;
    if (typeof target !== 'number') target.watchers = smallAdd<Watcher>(target.watchers, this);
    if (caller !== undefined) caller.holdings = smallAdd<Holding>(caller.holdings, this);
    if (timeoutMs !== Infinity) this.#timer = after(timeoutMs, () => this.fail('timeout'));
  }

  get pid(): Pid | undefined {
    return this.#caller?.pid;
  }

  get watcherPid(): Pid | undefined {
    return this.#caller?.pid;
  }

  /** What other isolates answer to. */
  get ref(): number {
    if (this.#ref === 0) {
      this.#ref = makeRef();
      if (this.#target !== undefined) awaitSignal(this.#ref, this);
    }
    return this.#ref;
  }

  get isolate(): number {
    return typeof this.#target === 'number' ? this.#target : thisIsolate();
  }

  settle(value: unknown): void {
    if (this.#close()) this.#resolve(value);
  }

  fail(reason: ExitReason): void {
    if (this.#close()) this.#reject(new Exit([reason, this.#description]));
  }

  targetDied(_target: Process, reason: ExitReason): void {
    this.fail(reason);
  }

  /** The server's isolate says that no reply will come: nothing watches there any more. */
  down(_pid: Pid | undefined, reason: ExitReason): void {
    if (this.#close(true)) this.#reject(new Exit([reason, this.#description]));
  }

  /** A reply from the isolate that watches the server ends its watch, from another it does not. */
  replied(value: unknown, isolate: number): void {
    if (this.#close(isolate === this.#target)) this.#resolve(value);
  }

  /** The caller died: its code must not go on, so the promise never settles. */
  release(): void {
    this.#close();
  }

  [asData](): unknown {
    return { $: 'from', pid: this.pid, isolate: thisIsolate(), ref: this.ref };
  }

  #close(unwatched = false): boolean {
    const target = this.#target;
    if (target === undefined) return false;
    this.#target = undefined;
    if (this.#ref !== 0) stopAwaiting(this.#ref);
    if (typeof target !== 'number') target.watchers = smallDelete<Watcher>(target.watchers, this);
    else if (!unwatched) demonitorRemote(target, this.#ref);
    const caller = this.#caller;
    if (caller !== undefined) caller.holdings = smallDelete<Holding>(caller.holdings, this);
    this.#timer?.cancel();
    return true;
  }
}
