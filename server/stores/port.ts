/**
 * A process's way to one shard's store: one batch under way, what comes meanwhile joins the next one. So a store's
 * mailbox holds at most one message per client of it, and batches grow when the store is busy.
 *
 * When the store dies the batch under way is given again to the next incarnation: whether it was committed or not,
 * every command answers the same the second time (watermarks decide). What the dead one had committed and not yet
 * told anybody (rows appended, links to carry) its successor does not tell either: who lives on that hears of it by
 * `lost` and looks for itself. The owner passes each info message to `handle`, with its state as it is by then: what is
 * told here gets that one, so that a state may be another object after its code was changed.
 */
import {
  monitor,
  self,
  send,
  sendAfter,
  whereis,
  type DownMessage,
  type MonitorRef,
  type Pid,
} from '../../actors/index.ts';
import {
  needOf,
  type Command,
  type CommandKind,
  type OutcomeOf,
} from '../../storage/shard/contract.ts';
import { isHere, storeAt } from '../isolates/shard-map.ts';
import { withItem } from '../young-list.ts';
import type { Batch, BatchAnswer, Outcome } from './protocol.ts';

/** A timer's word that the store's name may be taken again. */
export interface StoreRetry {
  readonly kind: 'store_retry';
  readonly shard: number;
}

export type PortMessage = BatchAnswer | StoreRetry;

interface Job<State> {
  readonly commands: readonly Command[];
  readonly done: (outcomes: readonly Outcome[], state: State) => void;
  readonly failed: (state: State) => void;
}

/** How often a store that is being restarted is looked for. */
const RETRY_MS = 20;

let lastTag = 0;

/** One for all, so that a port holds no closure of its own. */
const NOBODY_LOSES = (): void => undefined;

/** @typeParam State what the owner gives to `handle`, and gets back in what is told to it */
export class StorePort<State = void> {
  readonly shard: number;
  private tag = 0;
  private retrying = false;
  private underWay: Job<State>[] = [];
  private next: Job<State>[] = [];
  /** `store` is known for a store of this isolate. */
  private watch: { readonly ref: MonitorRef; readonly store: Pid | undefined } | undefined;
  private readonly lost: (state: State) => void;

  /** @param lost the store that was used last is dead; what it had to tell may never have been told */
  constructor(shard: number, lost: (state: State) => void = NOBODY_LOSES) {
    this.shard = shard;
    this.lost = lost;
  }

  /** @param failed the disk is full; nothing was done. What only reads never fails. */
  submit<K extends CommandKind>(
    command: Command<K>,
    done: (outcome: OutcomeOf<K>, state: State) => void,
    failed: (state: State) => void,
  ): void {
    this.submitAll(
      [command as Command],
      (outcomes, state) => {
        done(outcomes[0] as OutcomeOf<K>, state);
      },
      failed,
    );
  }

  /** Commands of one job are committed together or not at all. */
  submitAll(
    commands: readonly Command[],
    done: (outcomes: readonly Outcome[], state: State) => void,
    failed: (state: State) => void,
  ): void {
    this.next = withItem(this.next, { commands, done, failed });
    if (this.underWay.length === 0) this.begin();
  }

  /** Whether a batch is at the store: what is submitted now waits for its answer. */
  get busy(): boolean {
    return this.underWay.length > 0;
  }

  /** @returns whether the message was meant for this port */
  handle(message: PortMessage | DownMessage, state: State): boolean {
    switch (message.kind) {
      case 'batch_done':
        if (message.tag !== this.tag) return false;
        this.settle(message.outcomes, state);
        return true;
      case 'batch_failed':
        if (message.tag !== this.tag) return false;
        this.refused(state);
        return true;
      case 'DOWN':
        if (message.ref !== this.watch?.ref) return false;
        this.watch = undefined;
        // Nobody was there, or is: it may have died, or be on its way to another isolate.
        if (message.reason === 'noproc' || message.reason === 'noconnection') this.retry();
        else this.give();
        if (message.reason !== 'noproc') this.lost(state);
        return true;
      case 'store_retry':
        if (message.shard !== this.shard) return false;
        this.retrying = false;
        this.give();
        return true;
    }
  }

  private begin(): void {
    if (this.next.length === 0) return;
    this.underWay = this.next;
    this.next = [];
    this.tag = ++lastTag;
    this.give();
  }

  private give(): void {
    if (this.underWay.length === 0) return;
    const store = storeAt(this.shard);
    const pid = isHere(this.shard) ? whereis(store.name) : undefined;
    // The one that was used last is dead: its DOWN is on its way, and the batch is given then.
    if (this.watch !== undefined && this.watch.store !== pid) return;
    // Wherever it is, the store that is monitored is the one that gets the batch: both go the same way in one turn.
    this.watch ??= { ref: monitor(store), store: pid };
    // A session's or a mailbox's batch is most often one job.
    const commands =
      this.underWay.length === 1
        ? (this.underWay[0] as Job<State>).commands
        : this.underWay.flatMap(job => job.commands);
    send(store, { kind: 'batch', from: self(), tag: this.tag, commands } satisfies Batch);
  }

  private retry(): void {
    if (this.underWay.length === 0 || this.retrying) return;
    this.retrying = true;
    sendAfter(RETRY_MS, self(), { kind: 'store_retry', shard: this.shard } satisfies StoreRetry);
  }

  private settle(outcomes: readonly Outcome[], state: State): void {
    const jobs = this.underWay;
    this.underWay = [];
    let from = 0;
    for (const { commands, done } of jobs) {
      done(jobs.length === 1 ? outcomes : outcomes.slice(from, from + commands.length), state);
      from += commands.length;
    }
    if (this.underWay.length === 0) this.begin();
  }

  /** A job must not fail for the company that it was in: those that need less are given again without the others. */
  private refused(state: State): void {
    const jobs = this.underWay;
    this.underWay = [];
    const most = Math.max(...jobs.map(job => needOf(job.commands)));
    this.next = [...jobs.filter(job => needOf(job.commands) < most), ...this.next];
    for (const job of jobs) if (needOf(job.commands) === most) job.failed(state);
    if (this.underWay.length === 0) this.begin();
  }
}
