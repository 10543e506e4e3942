/**
 * What one batch has in hand: the transaction, the mailboxes that it touches, in memory, and what it will have to tell
 * afterwards. Mailboxes are written back once, at the end, so that a thousand messages of one device cost one segment
 * and one watermark write; after a batch that fails those it changed are read back.
 */
import { rowKinds } from '../../protocol/codec/rows.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { RowTail } from '../../protocol/codec/encoded-rows.ts';
import type { NotedRow } from '../links/contract.ts';
import type { LinkItem, LinkSegment } from '../../protocol/delivery/link-items.ts';
import { storeItems } from '../links/link-segments.ts';
import { linkEnds, type LinkEndRecord } from '../links/tables.ts';
import { MailboxState, newWatermark, PairState } from '../mailboxes/mailbox-state.ts';
import { RecentRows } from '../mailboxes/recent-rows.ts';
import { notedTail, type AppendedTail, type MailboxRow } from '../mailboxes/row-tails.ts';
import { bodies, bodyCounts, watermarks } from '../mailboxes/tables.ts';
import type { Transaction } from '../mnesia/operations.ts';
import type { ShardCaches } from './caches.ts';
import { receipts } from '../receipts/tables.ts';

/** Limits that a host may set lower; the defaults are in protocol/limits.ts. */
export type ShardLimits = {
  readonly [K in 'mailboxMessages' | 'mailboxBytes' | 'devicesPerUser']: number;
};

export class Work {
  readonly tx: Transaction;
  readonly shard: number;
  readonly shards: number;
  readonly limits: ShardLimits;
  /** Rows that were appended, for whoever serves the devices; complete after `flush`. */
  readonly appended = new Map<DeviceId, readonly MailboxRow[]>();
  /** What was stored for other shards; complete after `flush`. */
  readonly links = new Map<number, readonly LinkSegment[]>();
  /** Whether the end of the batch writes every mailbox to its tables, instead of the journal. */
  settlesAll = false;

  private readonly caches: ShardCaches;
  private readonly changed: MailboxState[] = [];
  private readonly bodyCounts = new Map<number, number>();
  private readonly linkItems = new Map<number, LinkItem[]>();
  private readonly changedLinks = new Map<number, LinkEndRecord>();
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

  /**
   * The same for who only looks in, as each login does: what is not in memory does not come there. A device that is
   * connected and silent takes none of it.
   */
  glanceAtMailbox(device: DeviceId): Readonly<MailboxState> {
    return this.caches.mailboxes.get(device) ?? this.readMailbox(device);
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

  /** The pair, of this box, was changed: it is written at the end of the batch. */
  changedPair(box: MailboxState, pair: PairState): void {
    if (pair.changed) return;
    pair.changed = true;
    if (box.changedPairs === undefined) box.changedPairs = [pair];
    else box.changedPairs.push(pair);
  }

  /** Appends a row under the next number. What is no receipt goes into a segment. */
  append(box: MailboxState, tail: AppendedTail): number {
    const n = ++box.lastRow;
    if (box.appended === undefined) box.appended = [{ n, tail }];
    else box.appended.push({ n, tail });
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

  /** The ends of the links to and from a shard, to read only. */
  peekLinkEnd(shard: number): Readonly<LinkEndRecord> {
    const changed = this.changedLinks.get(shard);
    return changed ?? this.tx.read(linkEnds, shard) ?? { shard, last: 0, acked: 0, applied: 0 };
  }

  /** The same to change: it is written at the end of the batch. */
  linkEnd(shard: number): LinkEndRecord {
    let end = this.changedLinks.get(shard);
    if (end === undefined) {
      end = { ...this.peekLinkEnd(shard) };
      this.changedLinks.set(shard, end);
    }
    return end;
  }

  /** Sends a row to devices of another shard: numbered and stored, with all others for it, at the end of the batch. */
  link(target: number, devices: readonly DeviceId[], tail: RowTail): void {
    const items = this.linkItems.get(target);
    if (items === undefined) this.linkItems.set(target, [{ devices, tail }]);
    else items.push({ devices, tail });
  }

  /** Brings the tables to what the batch has done so far, all of it, and has its end do the same. */
  settleAll(): void {
    this.settlesAll = true;
    this.writeMailboxes();
  }

  /** Writes what was changed. Nothing may be changed after it. */
  flush(): void {
    for (const box of this.changed)
      if (box.appended !== undefined) this.appended.set(box.device, box.appended);
    if (this.changed.length > 0) {
      if (this.settlesAll) this.writeMailboxes();
      else this.caches.journal.append(this.tx, this.changed);
    }
    for (const [target, items] of this.linkItems) {
      const end = this.linkEnd(target);
      this.links.set(target, storeItems(this.tx, target, end.last, items));
      end.last += items.length;
    }
    for (const end of this.changedLinks.values()) this.tx.write(linkEnds, end);
    for (const [id, rows] of this.bodyCounts) {
      if (rows > 0) this.tx.write(bodyCounts, { id, rows });
      else {
        this.tx.delete(bodies, id);
        this.tx.delete(bodyCounts, id);
      }
    }
  }

  /** After the commit: what was changed is now what is committed. */
  keep(): void {
    const { mailboxes } = this.caches;
    for (const box of this.changed) {
      box.changed = false;
      box.appended = undefined;
      box.stored = 0;
      for (const pair of box.changedPairs ?? []) pair.changed = false;
      box.changedPairs = undefined;
      mailboxes.weigh(box);
    }
    mailboxes.trim();
    this.caches.lastBody = this.lastBody;
  }

  private writeMailboxes(): void {
    this.caches.journal.settleAll(this.tx, this.changed);
  }

  private find(device: DeviceId): MailboxState {
    let state = this.caches.mailboxes.get(device);
    if (state === undefined) {
      state = this.readMailbox(device);
      this.caches.mailboxes.add(state);
    }
    return state;
  }

  private readMailbox(device: DeviceId): MailboxState {
    return new MailboxState(this.tx.read(watermarks, device) ?? newWatermark(device));
  }
}
