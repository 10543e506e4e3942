/**
 * What one batch has in hand: the transaction, working copies of the records that it touches again and again, and
 * what it will have to tell afterwards. Copies are written back once, at the end, so that a thousand messages of
 * one device cost one watermark write; a batch that fails leaves the caches as they were.
 */
import { newReceipt, type ReceiptState } from '../../protocol/delivery/receipt.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { Row } from '../../protocol/rows.ts';
import type { LinkItem } from '../links/contract.ts';
import { linkEnds, linkRows, type LinkEndRecord } from '../links/tables.ts';
import { bodies, bodyCounts, watermarks, type WatermarkRecord } from '../mailboxes/tables.ts';
import type { Transaction } from '../mnesia/operations.ts';
import type { RecentRow } from '../mailboxes/recent-rows.ts';
import { RecentRows } from '../mailboxes/recent-rows.ts';
import { receipts, type ReceiptRecord } from '../receipts/tables.ts';
import { BoundedCache } from './bounded-cache.ts';

/** Limits that a host may set lower; the defaults are in protocol/limits.ts. */
export type ShardLimits = {
  readonly [K in 'mailboxMessages' | 'mailboxBytes' | 'devicesPerUser']: number;
};

/** Committed records in memory, across batches. */
export interface ShardCaches {
  readonly watermarks: BoundedCache<DeviceId, WatermarkRecord>;
  readonly receipts: BoundedCache<string, ReceiptState>;
  readonly recent: RecentRows;
  lastBody: number;
}

const CACHED_RECORDS = 200_000;

export const newCaches = (lastBody: number): ShardCaches => ({
  watermarks: new BoundedCache(CACHED_RECORDS),
  receipts: new BoundedCache(CACHED_RECORDS),
  recent: new RecentRows(),
  lastBody,
});

const pairKey = (peer: DeviceId, sender: DeviceId): string => `${peer} ${sender}`;

export class Work {
  readonly tx: Transaction;
  readonly shard: number;
  readonly shards: number;
  readonly limits: ShardLimits;
  readonly appended = new Map<DeviceId, Row[]>();
  readonly links = new Set<number>();

  private readonly caches: ShardCaches;
  private readonly touchedWatermarks = new Map<DeviceId, WatermarkRecord>();
  private readonly touchedReceipts = new Map<
    string,
    { peer: DeviceId; sender: DeviceId; state: ReceiptState; written: ReceiptState }
  >();
  /** Devices whose recent rows this batch has changed. */
  private readonly touchedRecent = new Set<DeviceId>();
  private readonly bodyCounts = new Map<number, number>();
  private readonly touchedLinks = new Map<number, LinkEndRecord>();
  private lastBody: number;

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

  /** The device's record to read only: committed, or as this batch has changed it. */
  peekWatermark(device: DeviceId): Readonly<WatermarkRecord> {
    const found = this.touchedWatermarks.get(device) ?? this.caches.watermarks.get(device);
    if (found !== undefined) return found;
    const record = this.tx.read(watermarks, device) ?? newWatermark(device);
    this.caches.watermarks.set(device, record);
    return record;
  }

  /** The device's record to change: it is written at the end of the batch. */
  watermark(device: DeviceId): WatermarkRecord {
    let record = this.touchedWatermarks.get(device);
    if (record === undefined) {
      record = { ...this.peekWatermark(device) };
      this.touchedWatermarks.set(device, record);
    }
    return record;
  }

  receipt(sender: DeviceId, peer: DeviceId): ReceiptState {
    const key = pairKey(peer, sender);
    const found = this.touchedReceipts.get(key)?.state ?? this.caches.receipts.get(key);
    if (found !== undefined) return found;
    const record = this.tx.read(receipts, [peer, sender]);
    const state =
      record === undefined ? newReceipt : { ...record, read: record.read ?? newReceipt.read };
    this.caches.receipts.set(key, state);
    return state;
  }

  setReceipt(sender: DeviceId, peer: DeviceId, state: ReceiptState): void {
    const key = pairKey(peer, sender);
    const touched = this.touchedReceipts.get(key);
    if (touched !== undefined) touched.state = state;
    else
      this.touchedReceipts.set(key, { peer, sender, state, written: this.receipt(sender, peer) });
  }

  /** A row was appended: see RecentRows. */
  remember(device: DeviceId, row: RecentRow): void {
    this.touchedRecent.add(device);
    this.caches.recent.append(device, row);
  }

  takeRecent(device: DeviceId, from: number, to: number): readonly RecentRow[] | undefined {
    this.touchedRecent.add(device);
    return this.caches.recent.take(device, from, to);
  }

  forgetRecent(device: DeviceId): void {
    this.caches.recent.forget(device);
  }

  /** Stores a body that `rows` rows share. */
  addBody(body: Uint8Array, rows: number): number {
    const id = ++this.lastBody;
    this.tx.write(bodies, { id, body });
    this.bodyCounts.set(id, rows);
    return id;
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

  /** A row was appended: whoever serves the device is told after the commit. */
  tellAppended(device: DeviceId, row: Row): void {
    const rows = this.appended.get(device);
    if (rows === undefined) this.appended.set(device, [row]);
    else rows.push(row);
  }

  /** Writes the working copies. Nothing may be changed after it. */
  flush(): void {
    for (const record of this.touchedWatermarks.values()) this.tx.write(watermarks, record);
    for (const { peer, sender, state, written } of this.touchedReceipts.values())
      if (state !== written) this.tx.write(receipts, toRecord(sender, peer, state));
    for (const end of this.touchedLinks.values()) this.tx.write(linkEnds, end);
    for (const [id, rows] of this.bodyCounts) {
      if (rows > 0) this.tx.write(bodyCounts, { id, rows });
      else {
        this.tx.delete(bodies, id);
        this.tx.delete(bodyCounts, id);
      }
    }
  }

  /** After a batch that failed: what it did to the recent rows did not happen. */
  abandon(): void {
    for (const device of this.touchedRecent) this.caches.recent.forget(device);
  }

  /** After the commit: the working copies become the cached ones. */
  keep(): void {
    for (const [device, record] of this.touchedWatermarks)
      this.caches.watermarks.set(device, record);
    for (const [key, { state }] of this.touchedReceipts) this.caches.receipts.set(key, state);
    this.caches.lastBody = this.lastBody;
  }
}

const toRecord = (sender: DeviceId, peer: DeviceId, state: ReceiptState): ReceiptRecord => {
  const { stored, delivered, read } = state;
  return { peer, sender, stored, delivered, read: read === newReceipt.read ? null : { ...read } };
};

const newWatermark = (device: DeviceId): WatermarkRecord => ({
  device,
  upTo: 0,
  seen: 0,
  rev: 0,
  why: null,
  lastRow: 0,
  acked: 0,
  messages: 0,
  bytes: 0,
  gone: 0,
});
