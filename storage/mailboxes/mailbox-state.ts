/**
 * A device in memory: its watermarks, the summaries of its newest rows, the receipts of those who write to it, and
 * what the running batch does to it. One object per device, found once per command.
 *
 * It is changed in place while a batch runs. A batch that fails has the changed ones forgotten: the next one reads
 * them back as they were committed.
 */
import { newReceipt, type ReceiptState } from '../../protocol/delivery/receipt.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { Refusal } from '../../protocol/refusal.ts';
import type { ReceiptRecord } from '../receipts/tables.ts';
import type { JournaledRecord } from './journaled-record.ts';
import type { RecentRows } from './recent-rows.ts';
import type { AppendedRow, UnstoredRow } from './row-tails.ts';
import type { WatermarkRecord } from './tables.ts';

/** What one batch appended to a mailbox, in the record that says so; one row at least. */
export interface WaitingRows {
  readonly record: JournaledRecord;
  readonly rows: readonly UnstoredRow[];
}

export class MailboxState implements WatermarkRecord {
  readonly device: DeviceId;
  upTo: number;
  seen: number;
  rev: number;
  why: Refusal | null;
  lastRow: number;
  acked: number;
  messages: number;
  bytes: number;
  gone: number;
  /** Whether the running batch has changed it. */
  changed = false;
  /** Rows appended by the running batch, receipts too; the first `stored` of them are in the tables. */
  appended: AppendedRow[] | undefined;
  stored = 0;
  changedPairs: PairState[] | undefined;

  /** The oldest journal record that says something of it which nothing else does; undefined when the tables have all. */
  since: JournaledRecord | undefined;
  /** Rows of earlier batches that only the journal has, batch by batch; some may be gone meanwhile. */
  waiting: WaitingRows[] | undefined;
  /** Pairs that only the journal has as they are. */
  waitingPairs: PairState[] | undefined;
  /** No row above this is in a segment, and none up to `trimmed`. */
  lastStored: number;
  trimmed: number;

  recent: RecentRows | undefined;
  /** By sending device. */
  pairs: Map<DeviceId, PairState> | undefined;
  /** Its weight when the cache looked last. */
  weighed = 0;

  constructor(record: WatermarkRecord) {
    this.device = record.device;
    this.upTo = record.upTo;
    this.seen = record.seen;
    this.rev = record.rev;
    this.why = record.why;
    this.lastRow = record.lastRow;
    this.acked = record.acked;
    this.messages = record.messages;
    this.bytes = record.bytes;
    this.gone = record.gone;
    this.lastStored = record.lastRow;
    this.trimmed = record.acked;
  }

  /** What it takes in memory, in records of some hundred bytes. */
  get weight(): number {
    return 1 + (this.pairs?.size ?? 0) + (this.recent?.length ?? 0);
  }
}

/** The receipts between a sending and a receiving device, in memory. */
export class PairState implements ReceiptState {
  readonly peer: DeviceId;
  readonly sender: DeviceId;
  stored: number;
  delivered: number;
  read: ReceiptState['read'];
  /** Whether the running batch has changed it, and whether only the journal has it as it is. */
  changed = false;
  waits = false;
  /** Of the running acknowledgement: the highest number that it takes (0: none), and whether the sender is told. */
  reached = 0;
  tells = false;

  constructor(
    peer: DeviceId,
    sender: DeviceId,
    record: Omit<ReceiptRecord, 'peer' | 'sender'> | undefined,
  ) {
    this.peer = peer;
    this.sender = sender;
    this.stored = record?.stored ?? 0;
    this.delivered = record?.delivered ?? 0;
    this.read = record?.read ?? newReceipt.read;
  }

  toRecord(): ReceiptRecord {
    const { peer, sender, stored, delivered, read } = this;
    return { peer, sender, stored, delivered, read: read === newReceipt.read ? null : read };
  }
}

/** Of a device that was never heard of. */
export const newWatermark = (device: DeviceId): WatermarkRecord => ({
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
