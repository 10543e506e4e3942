/** Every limit at its edge: the last that is taken, the first that is not, and what the answer says. */
import assert from 'node:assert/strict';
import t from 'tap';
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeFrame,
  splitFrames,
} from '../../../protocol/codec/frame.ts';
import { pack } from '../../../protocol/codec/msgpack.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { groupId } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import type { Send } from '../../../protocol/packets.ts';

const decode = (packet: unknown) => decodeClientFrame(pack([packet]))[0];
const users = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);
const group = groupId(new Uint8Array(16));

const send = (bodyBytes: number): Send => ({
  kind: 'send',
  seq: 1,
  prev: 0,
  rev: 0,
  to: { kind: 'direct', users: [['bob' as UserId, 1]], own: 1 },
  body: new Uint8Array(bodyBytes),
});

void t.test('frameBytes', async t => {
  const filler = Array.from({ length: 15 }, () => send(limits.bodyBytes));
  const missing = limits.frameBytes - encodeFrame([...filler, send(1000)]).length;
  const exact = [...filler, send(1000 + missing)];
  t.equal(encodeFrame(exact).length, limits.frameBytes);
  t.equal(decodeClientFrame(encodeFrame(exact)).length, 16);
  const tooLong = new Uint8Array(limits.frameBytes + 1);
  t.throws(() => decodeClientFrame(tooLong), {
    code: 'frame_too_large',
    message: 'A frame may have at most 1048576 bytes.',
  });
  t.throws(() => decodeServerFrame(tooLong), { code: 'frame_too_large' });
  t.throws(() => encodeFrame([...exact, { kind: 'ping', token: 1 }]), RangeError);
  t.throws(
    () => decodeClientFrame(encodeFrame([send(100)]), { ...limits, frameBytes: 50 }),
    { code: 'frame_too_large', message: 'A frame may have at most 50 bytes.' },
    'as configured lower',
  );
});

void t.test('packetsPerFrame', async t => {
  const pings = (count: number) => Array.from({ length: count }, () => [6, 1]);
  t.equal(decodeClientFrame(pack(pings(limits.packetsPerFrame))).length, limits.packetsPerFrame);
  t.throws(() => decodeClientFrame(pack(pings(limits.packetsPerFrame + 1))), {
    code: 'bad_frame',
    message: 'A frame may have at most 1024 packets.',
  });
  t.throws(
    () => encodeFrame(Array(limits.packetsPerFrame + 1).fill({ kind: 'ping', token: 1 })),
    RangeError,
  );
});

void t.test('packetBytes', async t => {
  // What is added to a packet later counts, too.
  const packet = (more: number) => [5, 9, 'block', { user: 'bob' }, new Uint8Array(more)];
  const head = pack(packet(70_000)).length - 70_000;
  t.match(decode(packet(limits.packetBytes - head)), { kind: 'request', id: 9 });
  t.same(decode(packet(limits.packetBytes - head + 1)), {
    kind: 'bad',
    code: 'packet_too_large',
    message: 'A packet may have at most 98304 bytes.',
    limit: 98_304,
    about: 9,
  });
  t.match(
    decodeClientFrame(encodeFrame([send(100)]), { ...limits, packetBytes: 100 }),
    [{ code: 'packet_too_large', limit: 100 }],
    'as configured lower',
  );
  t.match(decodeServerFrame(pack([[42, 1, new Uint8Array(limits.packetBytes)]])), [
    { kind: 'pong' },
  ]);
});

void t.test('bodyBytes', async t => {
  t.match(decodeClientFrame(encodeFrame([send(limits.bodyBytes)])), [{ kind: 'send' }]);
  t.match(decodeClientFrame(encodeFrame([send(0)])), [{ kind: 'send' }]);
  t.same(decodeClientFrame(encodeFrame([send(limits.bodyBytes + 1)])), [
    {
      kind: 'bad',
      code: 'field_too_large',
      message: 'body may have at most 65536 bytes.',
      field: 'body',
      limit: 65_536,
    },
  ]);
  t.match(decodeClientFrame(encodeFrame([send(11)]), { ...limits, bodyBytes: 10 }), [
    { code: 'field_too_large', limit: 10 },
  ]);
});

void t.test('elements of arrays', async t => {
  const direct = (count: number) => [
    2,
    1,
    0,
    0,
    [1, users(count).map(u => [u, 1]), 1],
    new Uint8Array(1),
  ];
  const cases = [
    ['to.users', limits.recipientsPerSend, direct],
    [
      'argument.users',
      limits.usersPerRequest,
      (n: number) => [5, 1, 'devices', { users: users(n) }],
    ],
    [
      'argument.members',
      limits.membersPerGroup,
      (n: number) => [5, 1, 'group_create', { group, name: '', members: users(n) }],
    ],
    [
      'argument.users',
      limits.membersPerGroup,
      (n: number) => [5, 1, 'group_add', { group, users: users(n) }],
    ],
    [
      'argument.users',
      limits.membersPerGroup,
      (n: number) => [5, 1, 'group_remove', { group, users: users(n) }],
    ],
  ] as const;
  for (const [field, limit, packet] of cases) {
    t.not((decode(packet(limit)) as { kind: string }).kind, 'bad', field);
    t.match(decode(packet(limit + 1)), { code: 'field_too_large', field, limit });
  }
  t.match(
    decode([
      2,
      1,
      0,
      0,
      [
        1,
        [
          ['bob', 1],
          ['bob', 1],
        ],
        1,
      ],
      new Uint8Array(1),
    ]),
    {
      code: 'bad_field',
      field: 'to.users',
      message: 'to.users must name each user once.',
    },
  );
  t.match(decode([5, 1, 'devices', { users: ['bob', 'bob'] }]), { field: 'argument.users' });
});

void t.test('characters, counted in code points', async t => {
  const named = (name: string) => decode([5, 1, 'group_create', { group, name, members: [] }]);
  for (const character of ['x', '\u00e9', '\u{1f980}']) {
    t.match(named(character.repeat(limits.groupNameCharacters)), { kind: 'request' });
    t.match(named(character.repeat(limits.groupNameCharacters + 1)), {
      code: 'field_too_large',
      field: 'argument.name',
      limit: limits.groupNameCharacters,
      message: 'argument.name may have at most 100 characters.',
      about: 1,
    });
  }
  const login = (agent: string, proof: unknown = [2, new Uint8Array(1)], roles = 3) =>
    decode([1, 1, roles, proof, agent]);
  t.match(login('x'.repeat(limits.agentCharacters)), { kind: 'login' });
  t.match(login('x'.repeat(limits.agentCharacters + 1)), { field: 'agent', limit: 64 });
  t.match(login('', [2, new Uint8Array(limits.ticketBytes)]), { kind: 'login' });
  t.match(login('', [2, new Uint8Array(limits.ticketBytes + 1)]), {
    code: 'field_too_large',
    field: 'proof.ticket',
  });
  t.match(login('', [2, new Uint8Array(0)]), { code: 'bad_field', field: 'proof.ticket' });
  for (const length of [0, 63, 65])
    t.match(login('', [1, new Uint8Array(length)]), {
      code: 'bad_field',
      field: 'proof.signature',
      message: 'proof.signature must be 64 bytes.',
    });
  for (const roles of [0, 4]) t.match(login('', undefined, roles), { field: 'roles' });
});

void t.test('where numbers begin', async t => {
  const body = new Uint8Array(1);
  t.match(decode([2, 0, 0, 0, [2, group, 1], body]), { field: 'seq' });
  t.match(decode([2, 1, -1, 0, [2, group, 1], body]), { field: 'prev' });
  t.match(decode([2, 1, 0, 0, [2, group, 0], body]), { kind: 'send' });
  t.match(decode([2, 1, 0, 0, [3, group, 0], body]), { field: 'to' });
  t.match(decode([3, 1, 0, 0, 'bob:1', null, 0]), { field: 'upTo' });
  t.match(decode([3, 1, 0, 0, 'bob:0', null, 1]), { field: 'sender' });
  t.match(decode([3, 1, 0, 0, 'bob:1', 'friends', 1]), { field: 'conversation' });
  t.match(decode([4, 0, false]), { kind: 'ack' });
  t.match(decode([4, 0]), { field: 'again', message: 'again must be true or false.' });
  t.match(decode([5, 0, 'block', { user: 'bob' }]), { field: 'id' });
  t.match(decode([5, 1, 'block', ['bob']]), { field: 'argument', about: 1 });
  t.match(decode([5, 1, 'block', new Uint8Array(3)]), { field: 'argument', about: 1 });
});

void t.test('splitFrames keeps the order and both limits', async t => {
  const packets = Array.from({ length: 40 }, (_, i) => ({ ...send(60_000), seq: i + 1 }));
  const pings = Array.from({ length: 3000 }, (_, token) => ({ kind: 'ping' as const, token }));
  const frames = splitFrames([...packets, ...pings]);
  t.ok(frames.every(frame => frame.length <= limits.frameBytes));
  assert.deepEqual(
    frames.flatMap(frame => decodeClientFrame(frame)),
    [...packets, ...pings],
  );
  t.same(splitFrames([]), []);
  t.equal(splitFrames(packets, 70_000).length, 40);
  t.throws(() => splitFrames([send(100)], 50), {
    name: 'RangeError',
    message: /a frame holds 50 bytes, got a packet that needs 1\d\d/,
  });
});
