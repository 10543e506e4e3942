import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeFrame,
  FrameError,
  type BadPacket,
} from '../../../protocol/codec/frame.ts';
import { errors } from '../../../protocol/errors.ts';
import type { ClientPacket, ServerPacket } from '../../../protocol/packets.ts';
import { clientPacket, serverPacket } from '../arbitraries.ts';
import { goodFrame, mutateFrame, randomFrame, seededRandom } from './frames.ts';

type Outcome = 'frame error' | readonly (ClientPacket | ServerPacket | BadPacket)[];

/** Decodes as both sides would; anything thrown but FrameError fails the test. */
function decode(frame: Uint8Array): Outcome[] {
  return [decodeClientFrame, decodeServerFrame].map(decoder => {
    const before = Buffer.from(frame);
    try {
      const packets = decoder(frame);
      for (const packet of packets) {
        if (packet.kind !== 'bad') continue;
        assert.ok(packet.code in errors);
        assert.ok(packet.message.length > 0);
      }
      // What was taken is what the other side would have encoded.
      const good = packets.filter(packet => packet.kind !== 'bad');
      if (decoder === decodeClientFrame)
        assert.deepEqual(decodeClientFrame(encodeFrame(good)), good);
      return packets;
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return 'frame error' as const;
    } finally {
      assert.equal(Buffer.compare(before, frame), 0, 'the frame itself stays as it was');
    }
  });
}

const runs = Number(process.env['STROWGER_TEST_FRAMES'] ?? 20_000);

void t.test('random and mutated frames end as packets, bad packets or a frame error', async t => {
  const seen = { good: 0, bad: 0, broken: 0 };
  for (let seed = 1; seed <= runs; seed++) {
    const random = seededRandom(seed);
    let outcome: Outcome[];
    try {
      outcome = decode(randomFrame(random));
      outcome = [...outcome, ...decode(mutateFrame(goodFrame(random), random))];
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    for (const packets of outcome) {
      if (packets === 'frame error') seen.broken++;
      else for (const packet of packets) seen[packet.kind === 'bad' ? 'bad' : 'good']++;
    }
  }
  // The generator is worth nothing when it makes only one sort.
  const [least] = Object.values(seen).sort((a, b) => a - b);
  t.ok((least ?? 0) > runs / 10, JSON.stringify(seen));
});

void t.test('any bytes', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), bytes => {
      decode(bytes);
    }),
    { numRuns: 3000 },
  );
});

void t.test('every cut of a good frame is a frame error', async () => {
  fc.assert(
    fc.property(fc.oneof(clientPacket, serverPacket), packet => {
      const frame = encodeFrame([packet]);
      const step = Math.max(1, Math.floor(frame.length / 50));
      for (let end = 0; end < frame.length; end += step) {
        const cut = frame.subarray(0, end);
        assert.throws(() => decodeClientFrame(cut), FrameError);
        assert.throws(() => decodeServerFrame(cut), FrameError);
      }
    }),
    { numRuns: 60 },
  );
});

void t.test('the same seed makes the same frames', async t => {
  t.same(randomFrame(seededRandom(42)), randomFrame(seededRandom(42)));
  t.notSame(
    Array.from({ length: 5 }, (_, seed) => randomFrame(seededRandom(seed))),
    Array.from({ length: 5 }, (_, seed) => randomFrame(seededRandom(seed + 5))),
  );
});
