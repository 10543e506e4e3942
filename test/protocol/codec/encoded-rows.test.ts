import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  decodeTail,
  encodedRowBytes,
  encodeTail,
  readEncodedRows,
  writeEncodedRow,
  tailMemoryBytes,
  type EncodedRow,
} from '../../../protocol/codec/encoded-rows.ts';
import { pack } from '../../../protocol/codec/msgpack.ts';
import { simpleRow } from './twin.ts';
import type { UnnumberedRow } from '../../../protocol/codec/rows.ts';
import type { DeviceId } from '../../../protocol/ids.ts';
import type { Row } from '../../../protocol/rows.ts';
import { row } from '../arbitraries.ts';

const encode = (row: Row): EncodedRow => ({ n: row.n, tail: encodeTail(row) });
const decode = ({ n, tail }: EncodedRow): Row => ({
  ...decodeTail(tail.kind, tail.elements, tail.bytes),
  n,
});

function written(rows: readonly EncodedRow[]): Uint8Array {
  const bytes = new Uint8Array(rows.reduce((sum, row) => sum + encodedRowBytes(row), 0));
  let offset = 0;
  for (const row of rows) offset = writeEncodedRow(row, bytes, offset);
  assert.equal(offset, bytes.length);
  return bytes;
}

const message: UnnumberedRow = {
  kind: 'message',
  from: 'alice:1' as DeviceId,
  seq: 7,
  conversation: null,
  acceptedAt: 1_795_244_400_000,
  body: Uint8Array.of(1, 2, 3),
};

void t.test('a row that was encoded before is written as one that is encoded now', async () => {
  fc.assert(
    fc.property(row, row => {
      assert.deepEqual(written([encode(row)]), new Uint8Array(pack(simpleRow(row))));
    }),
    { numRuns: 300 },
  );
});

void t.test('rows come back from what was stored of them', async () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), rows => {
      const encoded = rows.map(encode);
      const segment = written(encoded);
      const read = readEncodedRows(segment);
      assert.deepEqual(read, encoded);
      assert.deepEqual(read.map(decode), rows);
      for (const { tail } of read) assert.equal(tail.bytes.buffer, segment.buffer, 'a view');
    }),
    { numRuns: 200 },
  );
});

void t.test('a tail keeps its bytes, and at most a slab more memory than it needs', async t => {
  const first = encodeTail(message);
  const before = first.bytes.slice();
  for (let seq = 0; seq < 1000; seq++) encodeTail({ ...message, seq });
  encodeTail({ ...message, body: new Uint8Array(60_000) });
  t.same(first.bytes, before);
  t.ok(first.bytes.buffer.byteLength <= tailMemoryBytes);
});

void t.test('damaged bytes are told with what and where', async t => {
  const tail = encodeTail(message);
  const segment = written([
    { n: 1, tail },
    { n: 300, tail },
  ]);
  const second = encodedRowBytes({ n: 1, tail });
  const damaged = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = segment.slice();
    copy.set(bytes, at);
    return copy;
  };
  const cases: [string, Uint8Array, RegExp][] = [
    ['cut', segment.subarray(0, -1), /^damaged row at byte \d+: the bytes end within a value$/],
    ['no array', damaged(second, 0x05), /^damaged row at byte 27: no row begins here$/],
    ['an unknown kind', damaged(second + 1, 0x09), /^damaged row at byte 27: no row begins/],
    ['too short', damaged(second, 0x91), /^damaged row at byte 27: no row begins here$/],
    ['without a number', damaged(second + 2, 0xc0), /^damaged row at byte 29: a row has no number/],
    ['numbered 0', damaged(2, 0), /^damaged row at byte 2: a row has no number$/],
    ['a negative number', damaged(2, 0xff), /^damaged row at byte 2: a row has no number$/],
    ['a text for a number', damaged(2, 0xa0), /^damaged row at byte 2: a row has no number$/],
    ['a byte that is never used', damaged(3, 0xc1), /^damaged row at byte \d+: byte 0xc1 begins/],
    ['an extension type', damaged(3, 0xd5), /^damaged row at byte 3: Extension types/],
    ['a text that is none', damaged(4, 0xff), /^damaged row at byte 3: A text is not UTF-8/],
  ];
  t.equal(second, 27);
  for (const [name, bytes, expected] of cases)
    t.throws(() => readEncodedRows(bytes), { name: 'DamagedRow', message: expected }, name);
  t.same(readEncodedRows(new Uint8Array(0)), []);
  const tooLarge = Uint8Array.of(0x92, 1, 0xd3, 0x00, 0x20, 0, 0, 0, 0, 0, 0);
  t.throws(() => readEncodedRows(tooLarge), { message: /byte 2: a row has no number/ }, '2^53');

  const { kind, elements, bytes } = tail;
  const tails: [string, () => unknown, RegExp][] = [
    ['cut', () => decodeTail(kind, elements, bytes.subarray(0, -1)), /end within a value/],
    ['too few elements', () => decodeTail(kind, elements - 1, bytes), /byte 19: there is more/],
    ['too many elements', () => decodeTail(kind, 2 ** 31, bytes), /byte 24: the bytes end within/],
    ['an unknown kind', () => decodeTail(9, elements, bytes), /byte 0: rows must be an array that/],
    ['another kind', () => decodeTail(3, elements, bytes), /byte 0: rows.upTo must be an integer/],
    ['a field that does not fit', () => decodeTail(kind, 2, new Uint8Array(0)), /rows.from must/],
  ];
  for (const [name, decode, expected] of tails)
    t.throws(decode, { name: 'DamagedRow', message: expected }, name);
});

void t.test('any damage is noticed or harmless, never a crash of another kind', async () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.nat(255),
      fc.boolean(),
      (rows, position, byte, cut) => {
        const segment = written(rows.map(encode));
        const at = position % segment.length;
        segment[at] = byte;
        try {
          readEncodedRows(cut ? segment.subarray(0, at) : segment).map(decode);
        } catch (error) {
          assert.equal((error as Error).name, 'DamagedRow');
        }
      },
    ),
    { numRuns: 500 },
  );
});
