/** The writer by hand and msgpackr write the same bytes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { integer, pack } from '../../../protocol/codec/msgpack.ts';
import {
  arrayHeaderBytes,
  integerBytes,
  MsgpackWriter,
  writeInteger,
} from '../../../protocol/codec/writer.ts';

const written = (write: (writer: MsgpackWriter) => void): Uint8Array => {
  // Small, so that it has to grow.
  const writer = new MsgpackWriter(4, 64);
  write(writer);
  return writer.give();
};
const packed = (value: unknown): Uint8Array => new Uint8Array(pack(value));

/** Around every length and number at which another format begins. */
const edges = [0, 0x1f, 0x20, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000];
const numbers = [...edges, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 48, Number.MAX_SAFE_INTEGER];

void t.test('integers', async () => {
  for (const edge of numbers)
    for (const value of [edge - 1, edge, edge + 1]) {
      const expected = packed(integer(value));
      assert.deepEqual(
        written(writer => writer.integer(value)),
        expected,
        `${value}`,
      );
      if (value >= 0 && value <= Number.MAX_SAFE_INTEGER)
        assert.equal(integerBytes(value), expected.length, `${value}`);
    }
  for (const value of [0.5, -0.5, -1, -(2 ** 31), -(2 ** 40), 2 ** 63, NaN, Infinity]) {
    const pack = () => packed(integer(value));
    const write = () => written(writer => writer.integer(value));
    if (value === Infinity) assert.throws(write, RangeError);
    else assert.deepEqual(write(), pack(), `${value}`);
  }
  fc.assert(
    fc.property(fc.maxSafeNat(), value => {
      const into = new Uint8Array(20).fill(0xaa);
      const end = writeInteger(into, 7, value);
      assert.deepEqual(into.slice(7, end), packed(integer(value)));
      assert.deepEqual(into.slice(0, 7), new Uint8Array(7).fill(0xaa));
      assert.deepEqual(into.slice(end), new Uint8Array(20 - end).fill(0xaa));
    }),
  );
});

void t.test('text', async () => {
  for (const edge of edges)
    for (const length of [Math.max(0, edge - 1), edge, edge + 1])
      for (const character of ['a', 'é', '€', '🦀']) {
        const text = 'a'.repeat(Math.max(0, length - 1)) + character;
        assert.deepEqual(
          written(writer => writer.text(text)),
          packed(text),
          `${length} ${character}`,
        );
      }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => {
      assert.deepEqual(
        written(writer => writer.text(text)),
        packed(text),
      );
    }),
  );
});

void t.test('binary, nil, booleans, arrays', async () => {
  for (const edge of edges)
    for (const length of [Math.max(0, edge - 1), edge, edge + 1]) {
      const value = Uint8Array.from({ length }, (_, i) => i);
      assert.deepEqual(
        written(writer => writer.binary(value)),
        packed(value),
        `${length}`,
      );
      const head = written(writer => writer.arrayHeader(length));
      assert.deepEqual(head, packed(Array(length).fill(0)).slice(0, head.length));
      assert.equal(arrayHeaderBytes(length), head.length);
    }
  assert.deepEqual(
    written(writer => {
      writer.arrayHeader(4);
      writer.nil();
      writer.boolean(true);
      writer.boolean(false);
      writer.raw(packed('x'));
    }),
    packed([null, true, false, 'x']),
  );
});

void t.test('memory is used again, and given back after something large', async t => {
  const writer = new MsgpackWriter(16, 64);
  writer.binary(new Uint8Array(40));
  t.same(writer.written, packed(new Uint8Array(40)));
  const { bytes } = writer;
  writer.reset();
  writer.binary(new Uint8Array(40).fill(1));
  t.equal(writer.bytes, bytes);
  t.same(writer.written, packed(new Uint8Array(40).fill(1)));
  writer.binary(new Uint8Array(100));
  writer.reset();
  t.equal(writer.bytes.length, 16);
});

void t.test('what was given away is never written to again, whatever comes after it', async () => {
  const shared = 256;
  fc.assert(
    fc.property(fc.array(fc.nat(2 * shared), { maxLength: 100 }), sizes => {
      const writer = new MsgpackWriter(shared, 4 * shared);
      const given = sizes.map((size, i) => {
        writer.reset();
        writer.skip(3);
        writer.integer(1);
        writer.binary(new Uint8Array(size).fill(i + 1));
        return writer.give(2);
      });
      for (const [i, bytes] of given.entries()) {
        const size = sizes[i] ?? 0;
        const value = packed(new Uint8Array(size).fill(i + 1));
        assert.deepEqual(bytes.subarray(2), value);
        assert.equal(bytes[1], 1);
        const alone = bytes.buffer.byteLength === bytes.length;
        assert.ok(alone || bytes.buffer.byteLength === shared, `${bytes.buffer.byteLength}`);
        assert.ok(bytes.length <= shared / 4 || alone);
      }
    }),
  );
});

void t.test('what was begun and not given away does not come back', async t => {
  const writer = new MsgpackWriter(64, 64);
  writer.integer(1);
  const first = writer.give();
  writer.text('an encoding that throws half-way');
  writer.reset();
  writer.integer(2);
  const second = writer.give();
  t.same([first, second], [[1], [2]]);
  t.equal(first.buffer, second.buffer);
});
