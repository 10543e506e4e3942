/**
 * What batches did to mailboxes, one record per batch, until the tables have it. A mailbox that many batches in a row
 * change is written to its tables once for all of them, and what was acknowledged meanwhile never gets there at all:
 * a record per device, pair and receipt in each batch was most of what a message cost.
 *
 * An entry says all that the batch left of a mailbox's watermarks and of the pairs it changed (or of all pairs that
 * wait: see JournalState), and the rows it appended. Read again in order, on top of whatever the tables have already,
 * entries give the mailbox as it was committed: the last state counts, and of the rows those above the newest that is
 * in a segment.
 */
import { readEncodedRows, type EncodedRow } from '../../protocol/codec/encoded-rows.ts';
import { MsgpackWriter } from '../../protocol/codec/writer.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { ReceiptState } from '../../protocol/delivery/receipt.ts';
import { newReceipt } from '../../protocol/delivery/receipt.ts';
import { defineTable } from '../mnesia/schema.ts';
import { decodeTerm, encodeTerm } from '../mnesia/term.ts';
import type { MailboxState, PairState } from './mailbox-state.ts';
import type { AppendedRow } from './row-tails.ts';
import type { WatermarkRecord } from './tables.ts';

export interface JournalRecord {
  id: number;
  /** A msgpack array of entries. */
  entries: Uint8Array;
  /** The rows that they append, one after the other. */
  rows: Uint8Array;
}

export const journal = defineTable<JournalRecord>({
  name: 'mailbox_journal',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { id: 'integer', entries: 'blob', rows: 'blob' },
  key: ['id'],
});

export interface JournalEntry {
  readonly watermark: WatermarkRecord;
  readonly rows: readonly EncodedRow[];
  readonly pairs: readonly (readonly [sender: DeviceId, state: ReceiptState])[];
}

/** Beyond this a batch's memory is not kept for the next one. */
const KEEP_BYTES = 1024 * 1024;
const entries = new MsgpackWriter(64 * 1024, KEEP_BYTES);
const rows = new MsgpackWriter(64 * 1024, KEEP_BYTES);

/**
 * The boxes as the batch leaves them, and of `appended` what is neither stored nor gone.
 *
 * @param repeats whether all pairs of the box that wait are said, or only those that the batch has changed
 * @returns views into memory that the next call writes in again: SQLite copies what it is given before that
 */
export function encodeJournal(
  id: number,
  boxes: readonly MailboxState[],
  repeats: readonly boolean[],
): JournalRecord {
  entries.reset();
  rows.reset();
  entries.arrayHeader(boxes.length);
  boxes.forEach((box, i) => {
    writeEntry(box, (repeats[i] === true ? box.waitingPairs : box.changedPairs) ?? []);
  });
  return { id, entries: entries.written, rows: rows.written };
}

function writeEntry(box: MailboxState, pairs: readonly PairState[]): void {
  entries.arrayHeader(12);
  entries.text(box.device);
  entries.integer(box.upTo);
  entries.integer(box.seen);
  entries.integer(box.rev);
  if (box.why === null) entries.nil();
  else entries.raw(encodeTerm(box.why, 'why'));
  entries.integer(box.lastRow);
  entries.integer(box.acked);
  entries.integer(box.messages);
  entries.integer(box.bytes);
  entries.integer(box.gone);
  entries.integer(writeRows(box));
  entries.arrayHeader(pairs.length);
  for (const { sender, stored, delivered, read } of pairs) {
    entries.arrayHeader(4);
    entries.text(sender);
    entries.integer(stored);
    entries.integer(delivered);
    if (read === newReceipt.read) entries.nil();
    else entries.raw(encodeTerm(read, 'read'));
  }
}

/** @returns how many */
function writeRows({ appended, stored, acked }: MailboxState): number {
  if (appended === undefined) return 0;
  let count = 0;
  for (let i = stored; i < appended.length; i++) {
    const { n, tail } = appended[i] as AppendedRow;
    if (n <= acked) continue;
    const { kind, elements, bytes } = tail.atRest ?? tail;
    rows.arrayHeader(elements);
    rows.integer(kind);
    rows.integer(n);
    rows.raw(bytes);
    count++;
  }
  return count;
}

type EncodedEntry = [
  device: DeviceId,
  upTo: number,
  seen: number,
  rev: number,
  why: WatermarkRecord['why'],
  lastRow: number,
  acked: number,
  messages: number,
  bytes: number,
  gone: number,
  rows: number,
  pairs: [DeviceId, number, number, ReceiptState['read'] | null][],
];

/** @throws DamagedRow when the rows are not whole */
export function decodeJournal(record: JournalRecord): JournalEntry[] {
  const all = readEncodedRows(record.rows);
  let first = 0;
  return (decodeTerm(record.entries) as EncodedEntry[]).map(
    ([device, upTo, seen, rev, why, lastRow, acked, messages, bytes, gone, count, pairs]) => ({
      watermark: { device, upTo, seen, rev, why, lastRow, acked, messages, bytes, gone },
      rows: all.slice(first, (first += count)),
      pairs: pairs.map(([sender, stored, delivered, read]) => [
        sender,
        { stored, delivered, read: read ?? newReceipt.read },
      ]),
    }),
  );
}
