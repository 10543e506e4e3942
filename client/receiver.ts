/**
 * The receiving half of a client: the inbox with its store, and what waits for the application. The rules are
 * protocol/delivery/inbox.ts; here is when they run. A row is acknowledged to the server only after it is stored.
 */
import {
  adoptRowNumbers,
  isNewEraOfRows,
  missesRows,
  receivedIsRolledBack,
  takeRow,
  type InboxState,
} from '../protocol/delivery/inbox.ts';
import type { Ack, Deliver, State } from '../protocol/packets.ts';
import type { Row } from '../protocol/rows.ts';
import { Committer } from './committer.ts';
import type { InboxChange, InboxStore, WaitingRow } from '../protocol/device/store.ts';

export interface ReceiverOptions {
  readonly store: InboxStore;
  readonly state: InboxState;
  readonly waiting: readonly WaitingRow[];
  /**
   * Rows that may wait for the application. With more the server gets no acknowledgement, so that it pushes no more
   * than a window beyond them and keeps the rest.
   */
  readonly rows: number;
  /** A row is stored, or was in the store already: to the application with it. */
  readonly onRow: (waiting: WaitingRow) => void;
  readonly onRetired: () => void;
  readonly onStoreFailure: (error: unknown) => void;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #state: InboxState;
  readonly #committer: Committer<InboxChange>;
  #line: { send(packet: Ack): void } | null = null;
  /** `state` has come on this connection: before it a row’s number may be of an era that is not known yet. */
  #met = false;
  #nextPlace: number;
  /** Places of rows that the application has not confirmed. */
  readonly #unconfirmed: Set<number>;
  #fresh: WaitingRow[] = [];
  #marksChanged = false;
  #committing: { have: number; fresh: WaitingRow[] };
  /** The highest row number that is stored. */
  #durable: number;
  #due = false;
  /** An acknowledgement was held back because too much waits for the application. */
  #owing = false;
  #askedAgain = false;
  #closed = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#durable = options.state.have;
    this.#committing = { have: this.#durable, fresh: [] };
    this.#unconfirmed = new Set(options.waiting.map(({ place }) => place));
    this.#nextPlace = options.waiting.reduce((most, { place }) => Math.max(most, place + 1), 1);
    this.#committer = new Committer(
      changes => this.#commit(changes),
      error => {
        this.detach();
        options.onStoreFailure(error);
      },
    );
    for (const waiting of options.waiting) options.onRow(waiting);
  }

  attach(line: { send(packet: Ack): void }): void {
    this.#line = line;
    this.#met = false;
  }

  detach(): void {
    this.#line = null;
  }

  onState(told: State): void {
    this.#askedAgain = false;
    if (receivedIsRolledBack(this.#state, told)) {
      this.#options.onRetired();
      return;
    }
    if (isNewEraOfRows(this.#state, told)) {
      adoptRowNumbers(this.#state, told);
      this.#marksChanged = true;
    }
    this.#met = true;
    this.#acknowledgeWhenDurable();
  }

  onDeliver(packet: Deliver): void {
    if (!this.#met) return;
    if (missesRows(this.#state, packet)) {
      // Those already under way miss them too: one question is enough.
      if (!this.#askedAgain) this.#line?.send({ kind: 'ack', upTo: this.#durable, again: true });
      this.#askedAgain = true;
      return;
    }
    this.#askedAgain = false;
    for (const row of packet.rows) this.#take(row);
    this.#acknowledgeWhenDurable();
  }

  /** The application has confirmed a row; again, or after the end, is without effect. */
  done(place: number): void {
    if (this.#closed || !this.#unconfirmed.delete(place)) return;
    this.#committer.add({ kind: 'done', place });
    if (this.#owing && this.#unconfirmed.size < this.#options.rows) this.#acknowledge();
  }

  /** Stores what is due and gives the role back. */
  async close(): Promise<void> {
    this.detach();
    await this.#committer.settled();
    this.#closed = true;
    await this.#options.store.close();
  }

  #take(row: Row): void {
    const before = this.#state.have;
    const shown = takeRow(this.#state, row);
    if (this.#state.have !== before) this.#marksChanged = true;
    if (shown === null) return;
    if (shown.kind === 'message')
      this.#committer.add({ kind: 'from', device: shown.from, seq: shown.seq });
    if (shown.kind === 'receipt') {
      const peer = this.#state.peers.get(shown.peer);
      if (peer !== undefined) this.#committer.add({ kind: 'peer', device: shown.peer, peer });
    }
    const waiting = { place: this.#nextPlace, row: ownMemory(shown) };
    this.#nextPlace += 1;
    this.#unconfirmed.add(waiting.place);
    this.#fresh.push(waiting);
    this.#committer.add({ kind: 'add', waiting });
  }

  #commit(changes: readonly InboxChange[]): void | Promise<void> {
    const { have, era } = this.#state;
    this.#committing = { have, fresh: this.#fresh };
    this.#fresh = [];
    this.#due = false;
    if (!this.#marksChanged)
      return changes.length === 0 ? undefined : this.#options.store.commit(changes);
    this.#marksChanged = false;
    return this.#options.store.commit([...changes, { kind: 'watermarks', have, era }]);
  }

  /** Once per batch, however many rows came. */
  #acknowledgeWhenDurable(): void {
    if (this.#due) return;
    this.#due = true;
    this.#committer.after(() => {
      this.#durable = this.#committing.have;
      for (const waiting of this.#committing.fresh) this.#options.onRow(waiting);
      this.#committing = { have: this.#durable, fresh: [] };
      if (this.#unconfirmed.size < this.#options.rows) this.#acknowledge();
      else this.#owing = true;
    });
  }

  #acknowledge(): void {
    this.#owing = false;
    this.#line?.send({ kind: 'ack', upTo: this.#durable, again: false });
  }
}

/** A body of its own memory: as decoded it is a view that keeps the whole frame alive. */
const ownMemory = (row: Row): Row =>
  row.kind === 'message' && row.body.length < row.body.buffer.byteLength
    ? { ...row, body: new Uint8Array(row.body) }
    : row;
