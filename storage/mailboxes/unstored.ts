/** What waits for a device: in its segments, and what only the journal or the running batch has of it. */
import { decodeTail, type EncodedRow } from '../../protocol/codec/encoded-rows.ts';
import type { ReceiptRow } from '../../protocol/rows.ts';
import type { ReadOperations } from '../mnesia/operations.ts';
import type { MailboxState } from './mailbox-state.ts';
import type { UnstoredRow } from './row-tails.ts';
import { segmentsAfter, toRest, type Segment } from './segments.ts';

/** The segments that end after row `after`, and what is in none yet as if it were one more, receipts included. */
export function* waitingAfter(
  tx: ReadOperations,
  box: Readonly<MailboxState>,
  after: number,
): Generator<Segment, undefined> {
  const { device, lastRow } = box;
  if (box.lastStored > after) yield* segmentsAfter(tx, device, after);
  yield { device, last: lastRow, rows: unstored(box) };
}

/** The rows that wait for the device and are in no table, in the order of their numbers. */
export function unstored({
  waiting = [],
  appended = [],
  stored,
  acked,
}: Readonly<MailboxState>): EncodedRow[] {
  const found: EncodedRow[] = [];
  for (const { rows } of waiting) collect(rows, 0, acked, found);
  collect(appended, stored, acked, found);
  return found;
}

function collect(
  rows: readonly UnstoredRow[],
  from: number,
  acked: number,
  into: EncodedRow[],
): void {
  for (let i = from; i < rows.length; i++) {
    const row = rows[i] as UnstoredRow;
    if (row.n > acked) into.push(toRest(row));
  }
}

export function readReceipt({ n, tail }: EncodedRow): Omit<ReceiptRow, 'kind'> {
  const row = decodeTail(tail.kind, tail.elements, tail.bytes);
  if (row.kind !== 'receipt') throw new TypeError(`row ${n} is no receipt`);
  return { n, peer: row.peer, delivered: row.delivered, read: row.read };
}
