/** What is read and written straight from and to bytes agrees with the simple twin, whatever the bytes are. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  clientPackets,
  decodeClientFrame,
  decodeFrame,
  decodeServerFrame,
  encodeFrame,
  FrameError,
  serverPackets,
  splitFrames,
  type FrameLimits,
} from '../../../protocol/codec/frame.ts';
import { pack } from '../../../protocol/codec/msgpack.ts';
import type { DeviceId, GroupId, UserId } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import type { ClientPacket, ServerPacket } from '../../../protocol/packets.ts';
import { clientPacket, hotClientPacket, hotServerPacket, serverPacket } from '../arbitraries.ts';
import { mutateFrame, randomFrame, seededRandom } from '../fuzz/frames.ts';
import { encodeLoosely } from './loose-encoder.ts';
import { simpleArray, simpleClientFrame, simpleFrame, simpleServerFrame } from './twin.ts';

/** What comes of it, also when that is an error. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { code: error.code, message: error.message };
  }
}

function assertAgree(frame: Uint8Array, bounds: FrameLimits): void {
  assert.deepEqual(
    outcome(() => decodeClientFrame(frame, bounds)),
    outcome(() => simpleClientFrame(frame, bounds)),
  );
  assert.deepEqual(
    outcome(() => decodeServerFrame(frame)),
    outcome(() => simpleServerFrame(frame)),
  );
}

/** A configuration may lower them to anything. */
const bounds = fc.oneof(
  fc.constant(limits),
  fc.record({ frameBytes: fc.nat(2000), packetBytes: fc.nat(600), bodyBytes: fc.nat(300) }),
);
const seed = fc.nat();
const oddity = fc.constantFrom(0, 0.02, 0.1, 0.5);
const hotPackets: fc.Arbitrary<(ClientPacket | ServerPacket)[]> = fc.oneof(
  fc.array(fc.oneof(hotClientPacket, clientPacket), { maxLength: 4 }),
  fc.array(fc.oneof(hotServerPacket, serverPacket), { maxLength: 4 }),
);

void t.test('written by hand is what msgpackr writes', async () => {
  fc.assert(
    fc.property(hotPackets, packets => {
      assert.deepEqual(encodeFrame(packets), simpleFrame(packets));
      assert.deepEqual(splitFrames(packets), packets.length === 0 ? [] : [simpleFrame(packets)]);
    }),
    { numRuns: 300 },
  );
});

void t.test('frames of our own, and mutated ones', async () => {
  fc.assert(
    fc.property(hotPackets, bounds, seed, fc.boolean(), (packets, bounds, seed, asBuffer) => {
      const good = simpleFrame(packets);
      assertAgree(asBuffer ? Buffer.from(good) : good, bounds);
      assertAgree(mutateFrame(good, seededRandom(seed)), bounds);
    }),
    { numRuns: 400 },
  );
});

const hotOnly: fc.Arbitrary<(ClientPacket | ServerPacket)[]> = fc.oneof(
  fc.array(hotClientPacket, { minLength: 1, maxLength: 3 }),
  fc.array(hotServerPacket, { minLength: 1, maxLength: 3 }),
);

void t.test('frames of other encoders, with fields that do not fit', async () => {
  fc.assert(
    fc.property(hotOnly, bounds, seed, oddity, (packets, bounds, seed, oddity) => {
      const random = seededRandom(seed);
      const loose = encodeLoosely(packets.map(simpleArray), random, oddity);
      assertAgree(loose, bounds);
      assertAgree(mutateFrame(loose, random), bounds);
    }),
    { numRuns: 1500 },
  );
});

const runs = Number(process.env['STROWGER_TEST_FRAMES'] ?? 5_000);

void t.test('any bytes', async () => {
  for (let seed = 1; seed <= runs; seed++) assertAgree(randomFrame(seededRandom(seed)), limits);
});

void t.test(
  'every cut, and every byte changed, of the packets that come by the thousand',
  async () => {
    fc.assert(
      fc.property(fc.oneof(hotClientPacket, hotServerPacket), fc.nat(255), (packet, byte) => {
        const frame = simpleFrame([packet]);
        // The bytes of a long body say nothing.
        for (let at = 0; at < Math.min(frame.length, 200); at++) {
          assertAgree(frame.subarray(0, at), limits);
          const changed = frame.slice();
          changed[at] = byte;
          assertAgree(changed, limits);
        }
      }),
      { numRuns: 60 },
    );
  },
);

void t.test('the last that is taken and the first that is not', async () => {
  const number = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
  const numbers = [...number, 2 ** 53, 2 ** 63, -1, -(2 ** 40), 0.5, -0];
  const big = (value: number): unknown =>
    Number.isInteger(value) && Math.abs(value) > 2 ** 31 ? BigInt(value) : value;
  const users = ['a', 'a'.repeat(31), 'a'.repeat(32), 'a'.repeat(33), '', 'A', 'é', '.a', 'a.'];
  const devices = users.flatMap(user => [user, `${user}:1`, `${user}:0`, `${user}:999999999`]);
  const groups = [null, 'g_', `g_${'A'.repeat(22)}`, `g_${'A'.repeat(23)}`, `g_${'é'.repeat(11)}`];
  const bodies = [0, 255, 256, limits.bodyBytes, limits.bodyBytes + 1].map(n => new Uint8Array(n));
  const direct = (users: unknown) => [1, users, 1];
  const body = new Uint8Array(1);
  const packets: unknown[][] = [];
  for (const n of numbers.map(big)) {
    packets.push([4, n, true], [36, n, 1], [36, 1, n], [38, n, []]);
    packets.push([2, n, 1, 1, direct([]), body], [2, 1, n, 1, direct([]), body]);
    packets.push([2, 1, 1, n, direct([]), body], [2, 1, 1, 1, [1, [], n], body]);
    packets.push([2, 1, 1, 1, direct([['bob', n]]), body], [2, 1, 1, 1, [n, [], 1], body]);
    packets.push([2, 1, 1, 1, [2, groups[2], n], body]);
    packets.push(
      [38, 1, [[1, n, 'a:1', 1, null, 1, body]]],
      [38, 1, [[1, 1, 'a:1', n, null, 1, body]]],
    );
    packets.push(
      [38, 1, [[1, 1, 'a:1', 1, null, n, body]]],
      [38, 1, [[n, 1, 'a:1', 1, null, 1, body]]],
    );
    packets.push([38, 1, [[2, n, 'a:1', 1, []]]], [38, 1, [[2, 1, 'a:1', n, []]]]);
    packets.push([38, 1, [[2, 1, 'a:1', 1, [[null, n]]]]]);
  }
  for (const user of users)
    packets.push([2, 1, 1, 1, direct([[user, 1]]), body], [2, 1, 1, 1, direct([['a', 1], [user, 1]]), body]); // prettier-ignore
  for (const device of devices)
    packets.push([38, 1, [[1, 1, device, 1, null, 1, body]]], [38, 1, [[2, 1, device, 1, []]]]);
  for (const group of groups)
    packets.push([2, 1, 1, 1, [2, group, 1], body], [38, 1, [[1, 1, 'a:1', 1, group, 1, body]]], [38, 1, [[2, 1, 'a:1', 1, [[group, 1]]]]]); // prettier-ignore
  for (const body of bodies)
    packets.push([2, 1, 1, 1, direct([]), body], [38, 1, [[1, 1, 'a:1', 1, null, 1, body]]]);
  for (const count of [8, 9, 15, 16, 32, 33])
    packets.push([2, 1, 1, 1, direct(Array.from({ length: count }, (_, i) => [`u${i}`, i])), body]);
  for (const count of [15, 16, 511, 512, 513]) {
    const pairs = Array.from({ length: count }, () => [null, 1]);
    packets.push([38, 1, [[2, 1, 'a:1', 1, pairs]]], [38, 1, pairs]);
  }
  for (const packet of packets) assertAgree(new Uint8Array(pack([packet])), limits);
  for (const packet of packets)
    assertAgree(new Uint8Array(pack([[4, 1, false], packet, [36, 1, 1]])), limits);
});

/** The array, and all the arrays within it, with one element more and one fewer. */
function* otherLengths(array: readonly unknown[]): Generator<unknown[]> {
  yield [...array, 7];
  yield array.slice(0, -1);
  for (const [index, element] of array.entries())
    if (Array.isArray(element))
      for (const inner of otherLengths(element)) yield array.with(index, inner);
}

void t.test('arrays with more or fewer elements than we write', async () => {
  const body = new Uint8Array(3);
  const group = `g_${'A'.repeat(22)}`;
  const packets = [
    [
      2,
      1,
      0,
      0,
      [
        1,
        [
          ['bob', 1],
          ['carol', 2],
        ],
        1,
      ],
      body,
    ],
    [2, 1, 0, 0, [2, group, 1], body],
    [4, 1, true],
    [36, 1, 1],
    [
      38,
      1,
      [
        [1, 2, 'bob:1', 1, null, 1, body],
        [1, 3, 'bob:1', 2, group, 1, body],
      ],
    ],
    [
      38,
      1,
      [
        [
          2,
          2,
          'bob:1',
          1,
          [
            [null, 1],
            [group, 1],
          ],
        ],
        [2, 3, 'carol:1', 1, []],
      ],
    ],
  ];
  for (const packet of packets)
    for (const other of otherLengths([packet])) {
      assertAgree(new Uint8Array(pack(other)), limits);
      assertAgree(new Uint8Array(pack([...other, [6, 1]])), limits);
    }
});

void t.test('what comes by the thousand is read without arrays', async t => {
  const never = (): never => assert.fail('this packet takes the general way');
  const body = new Uint8Array(200);
  const offer = { seq: 300, prev: 299, rev: 0 };
  const bob = 'bob' as UserId;
  const group = `g_${'A'.repeat(22)}` as GroupId;
  const sends: ClientPacket[] = [
    { kind: 'send', ...offer, to: { kind: 'direct', users: [[bob, 1]], own: 1 }, body },
    { kind: 'send', ...offer, to: { kind: 'group', group, version: 70_000 }, body },
    { kind: 'ack', upTo: 2 ** 40, again: false },
  ];
  const pushes: ServerPacket[] = [
    { kind: 'accepted', upTo: 70_000, at: 1_795_244_400_000 },
    {
      kind: 'deliver',
      after: 5,
      rows: Array.from({ length: 40 }, (_, i) => ({
        kind: 'message',
        n: i + 6,
        from: `${'b'.repeat(i % 32)}b:123456789` as DeviceId,
        seq: 4,
        conversation: i % 2 === 0 ? null : group,
        acceptedAt: 1_795_244_400_000,
        body,
      })),
    },
    {
      kind: 'deliver',
      after: 0,
      rows: [{ kind: 'receipt', n: 1, peer: 'bob:1' as DeviceId, delivered: 7, read: [[null, 6]] }],
    },
  ];
  const { frameBytes, packetBytes, bodyBytes } = limits;
  t.same(
    decodeFrame(encodeFrame(sends), frameBytes, packetBytes, {
      ...clientPackets(bodyBytes),
      general: never,
    }),
    sends,
  );
  t.same(
    decodeFrame(encodeFrame(pushes), frameBytes, frameBytes, { ...serverPackets, general: never }),
    pushes,
  );
});
