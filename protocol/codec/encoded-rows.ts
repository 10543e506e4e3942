import { BadField } from './fields.ts';
import { MsgpackError, Scanner, unpack } from './msgpack.ts';
import { readRow, rowElements, rowKinds, writeTail, type UnnumberedRow } from './rows.ts';
import {
  arrayHeaderBytes,
  integerBytes,
  MsgpackWriter,
  writeArrayHeader,
  writeInteger,
} from './writer.ts';

/**
 * Rows that are encoded once. A message goes to many devices, is stored, and is pushed: all of it in the bytes of the
 * wire. Only its number differs from device to device, and that stands in front: `[kind, n, …tail]`.
 */

/** A row but for its number: shared by all devices that get it. */
export interface RowTail {
  /** One of {@link rowKinds}. */
  readonly kind: number;
  /** Of the whole array, kind and number included. */
  readonly elements: number;
  /** The encoded elements that follow the number in the row's array. */
  readonly bytes: Uint8Array;
}

export interface EncodedRow {
  readonly n: number;
  readonly tail: RowTail;
}

/** Bytes that were stored as rows and are none (any more). */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';

  /** @param at the byte, counted from the first one given, where it shows */
  constructor(at: number, message: string, cause?: Error) {
    super(`damaged row at byte ${at}: ${message}`, cause === undefined ? {} : { cause });
  }
}

/** A small row that waits keeps as much memory as this, and its neighbours in it. */
export const tailMemoryBytes = 8 * 1024;
const tails = new MsgpackWriter(tailMemoryBytes, 256 * 1024);

/** Memory of its own: nothing of `row` is kept. */
export function encodeTail(row: UnnumberedRow): RowTail {
  tails.reset();
  writeTail(tails, row);
  return { kind: rowKinds[row.kind], elements: rowElements[row.kind], bytes: tails.give() };
}

/** The row's exact size on the wire, and as {@link writeEncodedRow} writes it. */
export const encodedRowBytes = ({ n, tail }: EncodedRow): number =>
  arrayHeaderBytes(tail.elements) + integerBytes(tail.kind) + integerBytes(n) + tail.bytes.length;

/**
 * Writes the row as it is on the wire.
 * @param into with room for {@link encodedRowBytes} from `offset`
 * @returns the offset behind it
 */
export function writeEncodedRow(row: EncodedRow, into: Uint8Array, offset: number): number {
  const { kind, elements, bytes } = row.tail;
  let at = writeArrayHeader(into, offset, elements);
  at = writeInteger(into, at, kind);
  at = writeInteger(into, at, row.n);
  into.set(bytes, at);
  return at + bytes.length;
}

/**
 * Reads a tail back, from the store's own bytes. A body is a view into `bytes`.
 * @throws DamagedRow
 */
export function decodeTail(kind: number, elements: number, bytes: Uint8Array): UnnumberedRow {
  const scanner = new Scanner(bytes);
  return whole(scanner, () => {
    const array: unknown[] = [kind, 1];
    while (array.length < elements) {
      const start = scanner.position;
      skipElement(scanner);
      array.push(unpack(bytes, start, scanner.position));
    }
    if (scanner.position < bytes.length)
      throw new DamagedRow(scanner.position, 'there is more than the row has elements');
    const { n: _, ...tail } = readRow(array);
    return tail;
  });
}

/**
 * Walks rows that were written one after the other, without building them. The tails are views into `bytes`.
 * @throws DamagedRow where they are not whole; what a tail's elements mean is not looked at
 */
export function readEncodedRows(bytes: Uint8Array): EncodedRow[] {
  const scanner = new Scanner(bytes);
  return whole(scanner, () => {
    const rows: EncodedRow[] = [];
    while (scanner.position < bytes.length) {
      const start = scanner.position;
      const elements = scanner.arrayHeader();
      const kind = bytes[scanner.position] ?? 0;
      if (elements < 2 || !kinds.has(kind)) throw new DamagedRow(start, 'no row begins here');
      scanner.position++;
      const n = readNumber(scanner, bytes);
      const from = scanner.position;
      for (let element = 2; element < elements; element++) skipElement(scanner);
      rows.push({ n, tail: { kind, elements, bytes: bytes.subarray(from, scanner.position) } });
    }
    return rows;
  });
}

/** All are below 128, and so one byte each. */
const kinds: ReadonlySet<number> = new Set(Object.values(rowKinds));

function skipElement(scanner: Scanner): void {
  const start = scanner.position;
  scanner.skip(1);
  if (scanner.fault !== null) throw new DamagedRow(start, scanner.fault);
}

/** A number as {@link writeInteger} writes it. */
function readNumber(scanner: Scanner, bytes: Uint8Array): number {
  const start = scanner.position;
  skipElement(scanner);
  const token = bytes[start] ?? 0;
  let n = token <= 0x7f ? token : 0;
  if ((token >= 0xcc && token <= 0xce) || token === 0xd3)
    for (let at = start + 1; at < scanner.position; at++) n = n * 256 + (bytes[at] ?? 0);
  if (n < 1 || n > Number.MAX_SAFE_INTEGER) throw new DamagedRow(start, 'a row has no number');
  return n;
}

function whole<T>(scanner: Scanner, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MsgpackError) throw new DamagedRow(scanner.position, error.message, error);
    if (error instanceof BadField) throw new DamagedRow(0, error.message, error);
    throw error;
  }
}
