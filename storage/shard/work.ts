/**
 * What one batch has in hand: the transaction, the mailboxes that it touches, in memory, and what it will have to tell
 * afterwards. Mailboxes are written back once, at the end, so that a thousand messages of one device cost one segment
 * and one watermark write; after a batch that fails those it changed are read back.
 */
import { rowKinds } from '../../protocol/codec/rows.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { LinkItem, NotedRow } from '../links/contract.ts';
import { linkEnds, linkRows, type LinkEndRecord } from '../links/tables.ts';
import { MailboxCache } from '../mailboxes/mailbox-cache.ts';
import { MailboxState, newWatermark, PairState } from '../mailboxes/mailbox-state.ts';
import { RecentRows } from '../mailboxes/recent-rows.ts';
import {
  notedTail,
  type AppendedRow,
  type AppendedTail,
  type MailboxRow,
} from '../mailboxes/row-tails.ts';
import { toRest, writeSegments, type RowAtRest } from '../mailboxes/segments.ts';
import { bodies, bodyCounts, watermarks } from '../mailboxes/tables.ts';
import type { Transaction } from '../mnesia/operations.ts';
import { receipts } from '../receipts/tables.ts';

/** Limits that a host may set lower; the defaults are in protocol/limits.ts. */
export type ShardLimits = {
  readonly [K in 'mailboxMessages' | 'mailboxBytes' | 'devicesPerUser']: number;
};

/** What is kept in memory across batches. */
export interface ShardCaches {
  readonly mailboxes: MailboxCache;
  lastBody: number;
}

export const newCaches = (lastBody: number): ShardCaches => ({
  mailboxes: new MailboxCache(),
  lastBody,
});

export class Work {
  readonly tx: Transaction;
  readonly shard: number;
  readonly shards: number;
  readonly limits: ShardLimits;
  /** Rows that were appended, for whoever serves the devices; complete after `flush`. */
  readonly appended = new Map<DeviceId, readonly MailboxRow[]>();
  readonly links = new Set<number>();

  private readonly caches: ShardCaches;
  private readonly changed: MailboxState[] = [];
  private readonly changedPairs: PairState[] = [];
  private readonly bodyCounts = new Map<number, number>();
  private readonly touchedLinks = new Map<number, LinkEndRecord>();
  private lastBody: number;
  private noted: { readonly row: NotedRow; readonly tail: AppendedTail } | undefined;

  constructor(
    tx: Transaction,
    caches: ShardCaches,
    place: { shard: number; shards: number },
    limits: ShardLimits,
  ) {
    this.tx = tx;
    this.caches = caches;
    this.shard = place.shard;
    this.shards = place.shards;
    this.limits = limits;
    this.lastBody = caches.lastBody;
  }

  /** The device's mailbox, to read only: committed, or as this batch has changed it. */
  peekMailbox(device: DeviceId): Readonly<MailboxState> {
    return this.find(device);
  }

  /** The device's mailbox to change: it is written at the end of the batch. */
  mailbox(device: DeviceId): MailboxState {
    const state = this.find(device);
    if (!state.changed) {
      state.changed = true;
      this.changed.push(state);
    }
    return state;
  }

  /** Receipts between two devices, to read only. `peer` is the one that receives the messages. */
  peekPair(sender: DeviceId, peer: DeviceId): Readonly<PairState> {
    const known = this.caches.mailboxes.get(peer)?.pairs?.get(sender);
    return known ?? new PairState(peer, sender, this.tx.read(receipts, [peer, sender]));
  }

  /** The same to change; `box` is the mailbox of the receiving device, in hand to be changed. */
  pair(sender: DeviceId, box: MailboxState): PairState {
    box.pairs ??= new Map();
    let pair = box.pairs.get(sender);
    if (pair === undefined) {
      pair = new PairState(box.device, sender, this.tx.read(receipts, [box.device, sender]));
      box.pairs.set(sender, pair);
    }
    return pair;
  }

  /** The pair was changed: it is written at the end of the batch. */
  changedPair(pair: PairState): void {
    if (pair.changed) return;
    pair.changed = true;
    this.changedPairs.push(pair);
  }

  /** Appends a row under the next number. What is no receipt goes into a segment. */
  append(box: MailboxState, tail: AppendedTail): number {
    const n = ++box.lastRow;
    (box.appended ??= []).push({ n, tail });
    if (tail.kind !== rowKinds.receipt) (box.recent ??= new RecentRows()).append(n, tail.summary);
    return n;
  }

  /** A row that is put into many mailboxes, one after the other, is encoded once. */
  notedTail(row: NotedRow): AppendedTail {
    if (this.noted?.row !== row) this.noted = { row, tail: notedTail(row) };
    return this.noted.tail;
  }

  /** The number that the next shared body will have. */
  get nextBodyId(): number {
    return this.lastBody + 1;
  }

  /** Stores a body that `rows` rows share, under {@link nextBodyId}. */
  addBody(body: Uint8Array, rows: number): void {
    const id = ++this.lastBody;
    this.tx.insert(bodies, { id, body });
    this.bodyCounts.set(id, rows);
  }

  /** One of the rows that share the body is gone. @returns whether it was the last one */
  releaseBody(id: number): boolean {
    const rows = this.bodyCounts.get(id) ?? this.tx.read(bodyCounts, id)?.rows ?? 0;
    this.bodyCounts.set(id, rows - 1);
    return rows <= 1;
  }

  linkEnd(shard: number): LinkEndRecord {
    let end = this.touchedLinks.get(shard);
    if (end === undefined) {
      end = { ...(this.tx.read(linkEnds, shard) ?? { shard, last: 0, acked: 0, applied: 0 }) };
      this.touchedLinks.set(shard, end);
    }
    return end;
  }

  /** Numbers and stores a row on its way to another shard. */
  link(target: number, item: LinkItem): void {
    const end = this.linkEnd(target);
    end.last++;
    this.tx.write(linkRows, { target, m: end.last, item });
    this.links.add(target);
  }

  /** Puts the rows appended so far into segments: whoever reads the device's segments asks for it first. */
  storeAppended(device: DeviceId): void {
    this.writeAppended(this.find(device));
  }

  /** Writes what was changed. Nothing may be changed after it. */
  flush(): void {
    for (const box of this.changed) {
      this.writeAppended(box);
      this.tx.write(watermarks, box);
      if (box.appended !== undefined) this.appended.set(box.device, box.appended);
    }
    for (const pair of this.changedPairs) this.tx.write(receipts, pair.toRecord());
    for (const end of this.touchedLinks.values()) this.tx.write(linkEnds, end);
    for (const [id, rows] of this.bodyCounts) {
      if (rows > 0) this.tx.write(bodyCounts, { id, rows });
      else {
        this.tx.delete(bodies, id);
        this.tx.delete(bodyCounts, id);
      }
    }
  }

  /** After a batch that failed: what it did to mailboxes did not happen. */
  abandon(): void {
    for (const box of this.changed) this.caches.mailboxes.forget(box);
  }

  /** After the commit: what was changed is now what is committed. */
  keep(): void {
    const { mailboxes } = this.caches;
    for (const box of this.changed) {
      box.changed = false;
      box.appended = undefined;
      box.written = 0;
      mailboxes.weigh(box);
    }
    for (const pair of this.changedPairs) pair.changed = false;
    mailboxes.trim();
    this.caches.lastBody = this.lastBody;
  }

  private writeAppended(box: MailboxState): void {
    const { device, appended, written, acked } = box;
    if (appended === undefined || written === appended.length) return;
    const rows: RowAtRest[] = [];
    for (let i = written; i < appended.length; i++) {
      const row = appended[i] as AppendedRow;
      // What this batch itself has acknowledged is gone, and receipts are in a table of their own.
      if (row.n > acked && row.tail.kind !== rowKinds.receipt) rows.push(toRest(row));
    }
    box.written = appended.length;
    writeSegments(this.tx, device, rows);
  }

  private find(device: DeviceId): MailboxState {
    let state = this.caches.mailboxes.get(device);
    if (state === undefined) {
      state = new MailboxState(this.tx.read(watermarks, device) ?? newWatermark(device));
      this.caches.mailboxes.add(state);
    }
    return state;
  }
}
