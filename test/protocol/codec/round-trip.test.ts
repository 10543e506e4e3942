import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeFrame,
} from '../../../protocol/codec/frame.ts';
import { frameMemoryBytes } from '../../../protocol/codec/frame-writer.ts';
import { limits } from '../../../protocol/limits.ts';
import type { ClientPacket, ServerPacket } from '../../../protocol/packets.ts';
import { clientPacket, serverPacket } from '../arbitraries.ts';

void t.test('what a client encodes is what a server decodes', async () => {
  fc.assert(
    fc.property(fc.array(clientPacket, { maxLength: 8 }), packets => {
      assert.deepEqual(decodeClientFrame(encodeFrame(packets)), packets);
    }),
    { numRuns: 300 },
  );
});

void t.test('what a server encodes is what a client decodes', async () => {
  fc.assert(
    fc.property(fc.array(serverPacket, { maxLength: 3 }), packets => {
      assert.deepEqual(decodeServerFrame(encodeFrame(packets)), packets);
    }),
    { numRuns: 300 },
  );
});

void t.test('every packet that a client may send fits into packetBytes', async () => {
  fc.assert(
    fc.property(clientPacket, packet => {
      // A frame of one packet has one byte more.
      assert.ok(encodeFrame([packet]).length - 1 <= limits.packetBytes);
    }),
    { numRuns: 100 },
  );
});

void t.test(
  'a frame keeps its bytes while others are encoded, and holds at most a slab more than it needs',
  async t => {
    const frame = encodeFrame([{ kind: 'ping', token: 1 }]);
    const before = Buffer.from(frame).toString('hex');
    for (let token = 0; token < 5000; token++) encodeFrame([{ kind: 'ping', token }]);
    t.equal(Buffer.from(frame).toString('hex'), before);
    t.ok(frame.buffer.byteLength <= frameMemoryBytes);
    const large = encodeFrame(
      Array.from({ length: 1024 }, () => ({ kind: 'ping', token: 2 ** 40 })),
    );
    t.equal(large.buffer.byteLength, large.length);
  },
);

void t.test(
  'large integers go out as integers, so that every language reads them as such',
  async t => {
    const hex = (packet: ClientPacket | ServerPacket): string =>
      Buffer.from(encodeFrame([packet])).toString('hex');
    t.equal(hex({ kind: 'ping', token: 2 ** 32 - 1 }), '919206ceffffffff');
    t.equal(hex({ kind: 'ping', token: 2 ** 32 }), '919206d30000000100000000');
    t.equal(
      hex({ kind: 'accepted', upTo: 5, at: 1_795_244_400_000 }),
      '91932405d3000001a1fce79d80',
    );
  },
);
