/**
 * A device's rows as they are stored: what one batch appends to it is one segment, the encoded rows one after the
 * other, under the number of the last of them. A segment goes as a whole when its last row is acknowledged; until then
 * it may hold rows that are gone already: those up to the device's `acked`, which every reader passes over.
 */
import {
  encodedRowBytes,
  readEncodedRows,
  writeEncodedRow,
  DamagedRow,
  type EncodedRow,
} from '../../protocol/codec/encoded-rows.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { ReadOperations, Transaction } from '../mnesia/operations.ts';
import { StorageError } from '../mnesia/storage-error.ts';
import { readMessageHead, type StoredMessageHead } from './read-tail.ts';
import type { UnstoredRow } from './row-tails.ts';
import { mailboxSegments, type SegmentRecord } from './tables.ts';

/** One read brings in so much more than was asked for, at most, beside one row. */
export const SEGMENT_BYTES = 64 * 1024;

/** A row as it stands in a segment: of a message whose body is shared it has a reference in the body's place. */
export type RowAtRest = EncodedRow;

/** Stores rows, in the order of their numbers, in as few segments as {@link SEGMENT_BYTES} allows. */
export function writeSegments(tx: Transaction, device: DeviceId, rows: readonly RowAtRest[]): void {
  let first = 0;
  let bytes = 0;
  for (let i = 0; i < rows.length; i++) {
    const size = encodedRowBytes(rows[i] as RowAtRest);
    if (i > first && bytes + size > SEGMENT_BYTES) {
      writeSegment(tx, device, rows.slice(first, i), bytes);
      first = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (first < rows.length) writeSegment(tx, device, first === 0 ? rows : rows.slice(first), bytes);
}

function writeSegment(
  tx: Transaction,
  device: DeviceId,
  rows: readonly RowAtRest[],
  bytes: number,
): void {
  const blob = Buffer.allocUnsafe(bytes);
  let at = 0;
  let last = 0;
  for (const row of rows) {
    at = writeEncodedRow(row, blob, at);
    last = row.n;
  }
  tx.insert(mailboxSegments, { device, last, rows: blob });
}

/** The row as it is to be stored. */
export const toRest = (row: UnstoredRow): RowAtRest =>
  row.tail.atRest === null ? row : { n: row.n, tail: row.tail.atRest };

/** How many segments are read at once: few at first, for one may be all that is asked for. */
const FIRST_PAGE = 4;
const LARGEST_PAGE = 64;

/** A segment that was read back. */
export interface Segment {
  readonly device: DeviceId;
  readonly last: number;
  readonly rows: readonly RowAtRest[];
}

/** The device's segments that end after row `after`, in their order, read as they are asked for. */
export function* segmentsAfter(
  tx: ReadOperations,
  device: DeviceId,
  after: number,
): Generator<Segment, undefined> {
  let from = after + 1;
  for (let limit = FIRST_PAGE; ; limit = Math.min(limit * 4, LARGEST_PAGE)) {
    const page = tx.range(mailboxSegments, [device, from], [device], { limit });
    for (const record of page) {
      yield readSegment(record);
      from = record.last + 1;
    }
    if (page.length < limit) return;
  }
}

/** @throws StorageError `corrupt` when it does not hold rows, in their order, up to the one that names it */
function readSegment({ device, last, rows: blob }: SegmentRecord): Segment {
  const rows = orDamaged({ device, last }, () => readEncodedRows(blob));
  let before = 0;
  for (const { n } of rows) {
    if (n <= before) throw damaged({ device, last }, `row ${n} follows row ${before}`);
    before = n;
  }
  if (before !== last) throw damaged({ device, last }, `it ends with row ${before}`);
  return { device, last, rows };
}

/** @throws StorageError `corrupt` when the row, a message, cannot be read */
export const messageHead = (segment: Segment, { tail }: RowAtRest): StoredMessageHead =>
  orDamaged(segment, () => readMessageHead(tail));

function orDamaged<T>(segment: Pick<Segment, 'device' | 'last'>, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DamagedRow)) throw error;
    throw damaged(segment, error.message, error);
  }
}

/** A segment is not what the store wrote. */
export const damaged = (
  { device, last }: Pick<Segment, 'device' | 'last'>,
  what: string,
  cause?: Error,
): StorageError =>
  new StorageError(
    'corrupt',
    `The mailbox of ${device} is damaged in the segment of row ${last}: ${what}. Restore a backup.`,
    { cause },
  );
