/**
 * The sending half of a client: the outbox with its store, its connection and those who wait for an answer. The
 * rules are protocol/delivery/outbox.ts; here is when they run. Nothing is offered before it is stored.
 */
import {
  adoptEra,
  answerRefusal,
  append,
  appendRead,
  isNewEra,
  offers,
  prepareOffers,
  sentIsRolledBack,
  settle,
  toldVersions,
  type OutboxEntry,
  type OutboxItem,
  type OutboxState,
  type Verdict,
} from '../protocol/delivery/outbox.ts';
import type { GroupId, UserId } from '../protocol/ids.ts';
import type { Accepted, Rejected, State } from '../protocol/packets.ts';
import type { Refusal } from '../protocol/refusal.ts';
import { Committer } from './committer.ts';
import { ClientError, RefusedError } from './errors.ts';
import { WaitingSend, type PendingSend } from './pending-send.ts';
import type { OutboxChange, OutboxStore, Versions } from '../protocol/device/store.ts';

/** What the half needs of a connection. */
export interface Line {
  send(packet: ReturnType<typeof offers>[number]): void;
}

export interface SenderOptions {
  readonly user: UserId;
  readonly store: OutboxStore;
  readonly state: OutboxState;
  readonly versions: Versions;
  /** Entries that may wait here undecided; more are turned down with `outbox_full`. */
  readonly entries: number;
  /** An accepted message was lost by a restored server and then refused. */
  readonly onUnresolved: (seq: number, id: string, why: Refusal | null) => void;
  readonly onRetired: () => void;
  readonly onStoreFailure: (error: unknown) => void;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #state: OutboxState;
  readonly #versions: Versions;
  readonly #committer: Committer<OutboxChange>;
  readonly #waiting = new Map<number, WaitingSend>();
  #idle: (() => void)[] = [];
  #line: Line | null = null;
  /** `state` has come on this connection and does not know of more than this device has offered. */
  #met = false;
  /** … and has been settled and stored: entries may be offered. */
  #ready = false;
  #offered = 0;
  #window = 0;
  #bodyBytes = Infinity;
  #marksChanged = false;
  #committing: number;
  /** The highest number whose entry is stored as offered. */
  #durable: number;
  #newSince: WaitingSend[] = [];
  #committingNew: WaitingSend[] = [];
  #due = false;
  #offeringAll: Line | null = null;
  #progress = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#versions = options.versions;
    this.#durable = options.state.tried;
    this.#committing = this.#durable;
    this.#committer = new Committer(
      changes => this.#commit(changes),
      error => this.#failed(error),
    );
    for (const { seq, item } of options.state.entries) {
      if (item.kind !== 'send') continue;
      const waiting = new WaitingSend(seq, item.id);
      waiting.markStored();
      this.#waiting.set(seq, waiting);
    }
  }

  /** The version of a device list or group as last told; 0 when nothing is known: the server then tells it. */
  version(id: UserId | GroupId): number {
    return this.#versions.get(id) ?? 0;
  }

  learnVersion(id: UserId | GroupId, version: number): void {
    if (this.#versions.get(id) === version) return;
    this.#versions.set(id, version);
    this.#committer.add({ kind: 'version', id, version });
  }

  /** @throws ClientError `outbox_full` */
  submit(item: Extract<OutboxItem, { kind: 'send' }>): PendingSend {
    this.#makeSureOfRoom();
    const entry = append(this.#state, item);
    const waiting = new WaitingSend(entry.seq, item.id);
    this.#waiting.set(entry.seq, waiting);
    this.#newSince.push(waiting);
    this.#put(entry);
    this.#pumpWhenDurable();
    return waiting;
  }

  /** @throws ClientError `outbox_full` */
  submitRead(item: Extract<OutboxItem, { kind: 'read' }>): void {
    this.#makeSureOfRoom();
    this.#put(appendRead(this.#state, item));
    this.#pumpWhenDurable();
  }

  /** Messages whose fate is open, the oldest first. */
  pending(): PendingSend[] {
    return this.#state.entries.flatMap(({ seq }) => this.#waiting.get(seq) ?? []);
  }

  /** Resolves when nothing waits in the outbox, or the client has ended. */
  settled(): Promise<void> {
    if (this.#state.entries.length === 0) return this.#committer.settled();
    return new Promise(resolve => this.#idle.push(resolve));
  }

  /** A new connection is logged in; `state` will follow. */
  attach(line: Line, limits: { unacceptedSends: number; bodyBytes: number }): void {
    this.#line = line;
    this.#window = limits.unacceptedSends;
    this.#bodyBytes = limits.bodyBytes;
    this.#met = this.#ready = false;
  }

  detach(): void {
    this.#line = null;
    this.#met = this.#ready = false;
  }

  /** Whether offers wait for an answer, and how many answers have come so far: a count that stands still is a stall. */
  get answers(): { readonly waiting: boolean; readonly count: number } {
    return {
      waiting: this.#line !== null && (!this.#met || this.#offered > 0),
      count: this.#progress,
    };
  }

  onAccepted({ upTo, at }: Accepted): void {
    this.#settle({ upTo, seen: upTo, rev: 0, why: null }, at);
    this.#pump();
  }

  onRejected({ seq, rev, why, upTo }: Rejected): void {
    if (this.#settle({ upTo, seen: seq, rev, why }, null)) this.#offerAllWhenDurable();
    else this.#pump();
  }

  async onState(told: State): Promise<void> {
    this.#ready = false;
    const line = this.#line;
    if (sentIsRolledBack(this.#state, told)) {
      this.#options.onRetired();
      return;
    }
    if (isNewEra(this.#state, told)) {
      // What was accepted must be in the store before it is asked what the server lost.
      await this.#committer.settled();
      const lost = await this.#options.store.sentAfter(told.upTo);
      if (this.#line !== line || !isNewEra(this.#state, told)) return;
      for (const entry of adoptEra(this.#state, told, lost)) this.#put(entry);
    }
    this.#met = true;
    this.#marksChanged = true;
    this.#settle(told, null);
    this.#dropTooLarge();
    this.#offerAllWhenDurable();
  }

  /** Offers everything again, after the server had said that it could not decide just now. */
  offerAgain(): void {
    this.#offered = 0;
    this.#pump();
  }

  /** Stores what is due and gives the role back; those who wait get `error`. */
  async close(error: Error): Promise<void> {
    this.detach();
    await this.#committer.settled();
    this.#giveUp(error);
    await this.#options.store.close();
  }

  #giveUp(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    for (const waiting of [...this.#newSince, ...this.#committingNew]) waiting.loseStored(error);
    this.#waiting.clear();
    this.#wakeIdle(true);
  }

  #failed(error: unknown): void {
    this.detach();
    this.#giveUp(new ClientError('store_failed', undefined, { cause: error }));
    this.#options.onStoreFailure(error);
  }

  #makeSureOfRoom(): void {
    if (this.#state.entries.length >= this.#options.entries)
      throw new ClientError('outbox_full', undefined, { limit: this.#options.entries });
  }

  #put(entry: OutboxEntry): void {
    this.#marksChanged = true;
    this.#committer.add({ kind: 'put', entry });
  }

  #commit(changes: readonly OutboxChange[]): void | Promise<void> {
    if (this.#met && this.#state.tried < this.#state.nextSeq - 1) {
      prepareOffers(this.#state);
      this.#marksChanged = true;
    }
    this.#committing = this.#state.tried;
    this.#committingNew = this.#newSince;
    this.#newSince = [];
    this.#due = false;
    this.#offeringAll = null;
    if (!this.#marksChanged)
      return changes.length === 0 ? undefined : this.#options.store.commit(changes);
    this.#marksChanged = false;
    const { nextSeq, upTo, era, tried } = this.#state;
    return this.#options.store.commit([
      ...changes,
      { kind: 'watermarks', nextSeq, upTo, era, tried },
    ]);
  }

  /** Once per batch, however many were submitted. */
  #pumpWhenDurable(): void {
    if (this.#due) return;
    this.#due = true;
    this.#committer.after(() => {
      this.#becameDurable();
      this.#pump();
    });
  }

  /** Once per batch too: each `state` of a burst would else offer everything again. */
  #offerAllWhenDurable(): void {
    this.#ready = false;
    const line = this.#line;
    if (this.#offeringAll === line) return;
    this.#offeringAll = line;
    this.#committer.after(() => {
      this.#becameDurable();
      // Another verdict has come meanwhile: its own commit is under way.
      if (this.#line !== line || this.#offeringAll !== null) return;
      this.#ready = true;
      this.offerAgain();
    });
  }

  #becameDurable(): void {
    this.#durable = this.#committing;
    for (const waiting of this.#committingNew) waiting.markStored();
    this.#committingNew = [];
  }

  #pump(): void {
    if (!this.#ready || this.#line === null) return;
    const { entries, nextSeq } = this.#state;
    const stored = entries.length - (nextSeq - 1 - this.#durable);
    const packets = offers(this.#state, this.#offered, Math.min(this.#window, stored));
    this.#offered += packets.length;
    for (const packet of packets) this.#line.send(packet);
  }

  /** @returns whether something was refused */
  #settle(verdict: Verdict, acceptedAt: number | null): boolean {
    const { accepted, refused, why } = settle(this.#state, verdict);
    if (accepted.length > 0) {
      this.#marksChanged = true;
      this.#progress += 1;
      this.#offered = Math.max(0, this.#offered - accepted.length);
      const answered: WaitingSend[] = [];
      for (const entry of accepted) {
        this.#committer.add({ kind: 'accepted', entry });
        const waiting = this.#waiting.get(entry.seq);
        if (waiting !== undefined) answered.push(waiting);
      }
      // Told only when it is stored: else it might be told otherwise after a crash and a restore of the server.
      if (answered.length > 0)
        this.#committer.after(() => {
          for (const waiting of answered) {
            this.#waiting.delete(waiting.seq);
            waiting.resolve({ acceptedAt });
          }
        });
    }
    if (refused !== null) this.#refuse(refused, why);
    if (this.#state.entries.length === 0 && this.#idle.length > 0)
      this.#committer.after(() => this.#wakeIdle(false));
    return refused !== null;
  }

  #refuse(entry: OutboxEntry, why: Refusal | null): void {
    const { user, onUnresolved } = this.#options;
    this.#progress += 1;
    for (const [id, version] of toldVersions(why)) this.learnVersion(id, version);
    const answer = answerRefusal(this.#state, entry, why, user);
    switch (answer.kind) {
      case 'repaired':
        this.#put(answer.entry);
        return;
      case 'dropped':
        this.#committer.add({ kind: 'dropped', seq: entry.seq });
        this.#rejectWhenDurable(entry.seq, new RefusedError(entry.seq, why));
        return;
      case 'unresolved':
        this.#committer.add({ kind: 'dropped', seq: entry.seq });
        this.#rejectWhenDurable(entry.seq, new RefusedError(entry.seq, why, 'unresolved'));
        if (entry.item.kind === 'send') onUnresolved(entry.seq, entry.item.id, why);
        return;
      default:
        answer satisfies never;
    }
  }

  /** This server takes smaller bodies than the one that the message was made for: it would never be decided. */
  #dropTooLarge(): void {
    for (const entry of this.#state.entries.slice()) {
      if (entry.item.kind !== 'send' || entry.item.body.length <= this.#bodyBytes) continue;
      answerRefusal(this.#state, entry, null, this.#options.user);
      this.#committer.add({ kind: 'dropped', seq: entry.seq });
      this.#rejectWhenDurable(
        entry.seq,
        new ClientError('field_too_large', undefined, { field: 'body', limit: this.#bodyBytes }),
      );
    }
  }

  #rejectWhenDurable(seq: number, error: ClientError): void {
    const waiting = this.#waiting.get(seq);
    if (waiting === undefined) return;
    this.#committer.after(() => {
      this.#waiting.delete(seq);
      waiting.reject(error);
    });
  }

  #wakeIdle(ended: boolean): void {
    if (this.#state.entries.length > 0 && !ended) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }
}
