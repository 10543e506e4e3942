import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  encodeServerFrames,
  splitEncodedDeliver,
  type EncodedDeliver,
} from '../../../protocol/codec/encoded-deliver.ts';
import { encodeTail } from '../../../protocol/codec/encoded-rows.ts';
import { decodeServerFrame, splitFrames } from '../../../protocol/codec/frame.ts';
import { limits } from '../../../protocol/limits.ts';
import type { Deliver, ServerPacket } from '../../../protocol/packets.ts';
import type { Row } from '../../../protocol/rows.ts';
import { row, serverPacket } from '../arbitraries.ts';

const encoded = ({ after, rows }: Deliver): EncodedDeliver => ({
  kind: 'deliver',
  after,
  encoded: rows.map(row => ({ n: row.n, tail: encodeTail(row) })),
});

const outcome = (make: () => Uint8Array[]): Uint8Array[] | string => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
};

void t.test('frames of rows that are encoded already are those of the same rows', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(serverPacket, fc.boolean()), { maxLength: 8 }),
      fc.constantFrom(limits.frameBytes, 70_000, 500),
      (marked, frameBytes) => {
        const packets = marked.map(([packet]) => packet);
        const ready = marked.map(([packet, asBytes]) =>
          packet.kind === 'deliver' && asBytes ? encoded(packet) : packet,
        );
        assert.deepEqual(
          outcome(() => encodeServerFrames(ready, frameBytes)),
          outcome(() => splitFrames(packets, frameBytes)),
        );
      },
    ),
    { numRuns: 300 },
  );
});

void t.test('frames and the rows in them keep their bytes, whatever is encoded later', async () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  fc.assert(
    fc.property(
      fc.array(fc.array(serverPacket, { maxLength: 4 }), { maxLength: 12 }),
      fc.constantFrom(limits.frameBytes, 500),
      (turns, frameBytes) => {
        const kept: { readonly bytes: Uint8Array; readonly was: string }[] = [];
        const keep = (bytes: Uint8Array): void => {
          kept.push({ bytes, was: hex(bytes) });
        };
        for (const packets of turns) {
          const ready = packets.map(packet =>
            packet.kind === 'deliver' ? encoded(packet) : packet,
          );
          for (const packet of ready)
            if ('encoded' in packet) for (const { tail } of packet.encoded) keep(tail.bytes);
          const frames = outcome(() => encodeServerFrames(ready, frameBytes));
          if (typeof frames !== 'string') frames.forEach(keep);
        }
        for (const { bytes, was } of kept) assert.equal(hex(bytes), was);
      },
    ),
  );
});

void t.test('both of a frame’s limits are kept, and the order', async t => {
  const pongs = Array.from({ length: 3000 }, (_, token) => ({ kind: 'pong' as const, token }));
  const frames = encodeServerFrames(pongs);
  t.equal(frames.length, 4);
  assert.deepEqual(
    frames.flatMap(frame => decodeServerFrame(frame)),
    pongs,
  );
  t.same(encodeServerFrames([]), []);
  const first = frames[0]?.slice();
  encodeServerFrames(pongs.map(({ kind, token }) => ({ kind, token: token + 1 })));
  t.same(frames[0], first, 'a frame keeps its bytes');
});

void t.test('a deliver is cut where its limit asks for it, to the byte', async () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.nat(2 ** 33),
      fc.constantFrom(limits.packetBytes, 3000, 400, 1),
      (rows, after, packetBytes) => {
        const deliver = encoded({ kind: 'deliver', after, rows });
        const parts = splitEncodedDeliver(deliver, packetBytes);
        assert.deepEqual(
          parts.flatMap(part => part.encoded),
          deliver.encoded,
        );
        assert.ok(parts.length === 1 || parts.every(part => part.encoded.length > 0));
        let expected = after;
        for (const [index, part] of parts.entries()) {
          assert.equal(part.after, expected);
          expected = part.encoded.at(-1)?.n ?? expected;
          const bytes = packetSize(part);
          assert.ok(bytes <= packetBytes || part.encoded.length <= 1, `${bytes} of ${packetBytes}`);
          const next = parts[index + 1]?.encoded[0];
          if (next !== undefined)
            assert.ok(
              packetSize({ ...part, encoded: [...part.encoded, next] }) > packetBytes,
              'one more row would not have fitted',
            );
        }
      },
    ),
    { numRuns: 200 },
  );
});

void t.test('one row is always allowed, and what fits is not cut', async t => {
  const row = (n: number) => ({ kind: 'undelivered', n, peer: 'bob:1', after: 1, upTo: 2 }) as Row;
  const deliver = encoded({ kind: 'deliver', after: 0, rows: [row(1), row(5)] });
  const [first, second] = deliver.encoded;
  t.same(splitEncodedDeliver(deliver, 10), [
    { kind: 'deliver', after: 0, encoded: [first] },
    { kind: 'deliver', after: 1, encoded: [second] },
  ]);
  t.same(splitEncodedDeliver(deliver), [deliver]);
  t.same(splitEncodedDeliver({ ...deliver, encoded: [] }, 1), [{ ...deliver, encoded: [] }]);
});

const packetSize = (packet: ServerPacket | EncodedDeliver): number =>
  encodeServerFrames([packet])[0]!.length - 1;
