/** Promise 4: each limit that a client can hit, with the consequence that protocol/limits.ts writes down. */
import { pack } from 'msgpackr';
import t, { type Test } from 'tap';
import { registerUsers } from '../../lab/accounts.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { errors, type CloseCode } from '../../protocol/errors.ts';
import { groupId, type UserId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import { packetKinds, type ClientPacket, type Send } from '../../protocol/packets.ts';
import { approvalBytes } from '../../protocol/signing.ts';
import { startInProcess } from './in-process-server.ts';
import { Speaker } from './speaker.ts';

/** Two users of a server; alice is logged in. */
async function two(t: Test, flags: Readonly<Record<string, string>> = {}) {
  const { server } = await startInProcess(t, flags);
  const [aliceIdentity, bobIdentity] = await registerUsers(server.url, 'user', 2);
  const alice = await new Speaker(aliceIdentity!).logIn();
  t.teardown(() => alice.close());
  return { server, alice, aliceIdentity: aliceIdentity!, bobIdentity: bobIdentity! };
}

/** Messages of user0 to user1, numbered from `first`. */
const sends = (first: number, count: number, bodyBytes = 10): Send[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'send',
    seq: first + i,
    prev: first + i - 1,
    rev: 0,
    to: { kind: 'direct', users: [['user1' as UserId, 1]], own: 1 },
    body: new Uint8Array(bodyBytes),
  }));

async function closedWith(t: Test, speaker: Speaker, code: CloseCode): Promise<void> {
  const { code: number } = await speaker.ended;
  t.equal(number, errors[code].closes, code);
  t.match(
    speaker.heard.filter(({ kind }) => kind === 'close'),
    [{ code }],
    'and the packet before it says why',
  );
}

void t.test('frames: too many bytes, too many packets, no msgpack', async t => {
  const { alice, bobIdentity } = await two(t);
  alice.bytes(new Uint8Array(limits.frameBytes + 1));
  t.equal((await alice.ended).code, errors.frame_too_large.closes);
  const packets = await new Speaker(bobIdentity).logIn();
  packets.bytes(pack(Array.from({ length: limits.packetsPerFrame + 1 }, () => [6, 1])));
  await closedWith(t, packets, 'bad_frame');
  const bytes = await new Speaker(bobIdentity).logIn();
  bytes.bytes(Uint8Array.of(0xc1));
  await closedWith(t, bytes, 'bad_frame');
});

void t.test(
  'what is too large in a packet is an error that names the field and the limit',
  async t => {
    const { alice } = await two(t);
    const [send] = sends(1, 1);
    const users = (count: number): UserId[] =>
      Array.from({ length: count }, (_, i) => `x${i}` as UserId);
    const group = groupId(new Uint8Array(16));
    const request = (argument: object, method: string): ClientPacket =>
      ({ kind: 'request', id: 5, method, argument }) as ClientPacket;
    const cases: [string, Uint8Array | ClientPacket, string, number][] = [
      [
        'packet',
        pack([[packetKinds.send, new Uint8Array(limits.packetBytes)]]),
        'packet_too_large',
        limits.packetBytes,
      ],
      [
        'body',
        { ...send!, body: new Uint8Array(limits.bodyBytes + 1) },
        'field_too_large',
        limits.bodyBytes,
      ],
      [
        'recipients',
        {
          ...send!,
          to: {
            kind: 'direct',
            users: users(limits.recipientsPerSend + 1).map(user => [user, 1] as const),
            own: 1,
          },
        },
        'field_too_large',
        limits.recipientsPerSend,
      ],
      [
        'users',
        request({ users: users(limits.usersPerRequest + 1) }, 'devices'),
        'field_too_large',
        limits.usersPerRequest,
      ],
      [
        'name',
        request(
          { group, name: 'n'.repeat(limits.groupNameCharacters + 1), members: [] },
          'group_create',
        ),
        'field_too_large',
        limits.groupNameCharacters,
      ],
      [
        'members',
        request({ group, name: 'n', members: users(limits.membersPerGroup + 1) }, 'group_create'),
        'field_too_large',
        limits.membersPerGroup,
      ],
    ];
    for (const [what, said, code, limit] of cases) {
      alice.heard.length = 0;
      if (said instanceof Uint8Array) alice.bytes(said);
      else alice.say(said);
      t.match(await alice.hear('error'), { code, limit }, what);
    }
    await alice.dealtWith();
    t.notOk(
      alice.heard.some(({ kind }) => kind === 'accepted'),
      'nothing of it was taken, and the connection stays',
    );
  },
);

void t.test('a login: an agent and a ticket that are too long, none in time', async t => {
  const { alice, bobIdentity } = await two(t, { limitsLoginTimeoutMs: '300' });
  t.ok(alice);
  const slow = new Speaker(bobIdentity);
  await slow.offerLogin({ agent: 'a'.repeat(limits.agentCharacters + 1) });
  t.match(await slow.hear('error'), { code: 'field_too_large', limit: limits.agentCharacters });
  slow.heard.length = 0;
  const ticket = new Uint8Array(limits.ticketBytes + 1);
  slow.say({ kind: 'login', version: 1, roles: 3, proof: { kind: 'ticket', ticket }, agent: '' });
  t.match(await slow.hear('error'), { code: 'field_too_large', limit: limits.ticketBytes });
  await closedWith(t, slow, 'login_timeout');
});

void t.test('more sends under way than the window', async t => {
  const { alice } = await two(t, { limitsUnacceptedSends: '8' });
  t.equal((await alice.hear('welcome')).limits.unacceptedSends, 8, 'as the server has announced');
  alice.say(...sends(1, 8));
  await alice.hear('accepted', ({ upTo }) => upTo === 8);
  alice.say(...sends(9, 40));
  await closedWith(t, alice, 'window_exceeded');
});

void t.test('rows and bytes that are pushed and not acknowledged', async t => {
  for (const [flags, size, pushed] of [
    [{ limitsUnackedRows: '5' }, 10, 5],
    [{ limitsUnackedBytes: '1024' }, 400, 2],
  ] as const)
    await t.test(JSON.stringify(flags), async t => {
      const { alice, bobIdentity } = await two(t, flags);
      alice.say(...sends(1, 12, size));
      await alice.hear('accepted', ({ upTo }) => upTo === 12);
      const bob = await new Speaker(bobIdentity).logIn();
      const rows = (): number =>
        bob.heard.reduce(
          (sum, packet) => sum + (packet.kind === 'deliver' ? packet.rows.length : 0),
          0,
        );
      await bob.hear('deliver', ({ after, rows }) => after + rows.length >= pushed);
      await bob.dealtWith();
      t.equal(rows(), pushed, 'the rest is kept');
      bob.say({ kind: 'ack', upTo: pushed, again: false });
      await bob.hear('deliver', ({ after, rows }) => after + rows.length >= 2 * pushed);
      await bob.dealtWith();
      t.equal(rows(), 2 * pushed, 'until it acknowledges');
      bob.close();
    });
});

void t.test('open requests', async t => {
  const { alice } = await two(t, { limitsOpenRequests: '4' });
  alice.say(
    ...Array.from({ length: 9 }, (_, i): ClientPacket => ({
      kind: 'request',
      id: i + 1,
      method: 'devices',
      argument: { users: ['user1' as UserId] },
    })),
  );
  t.match(await alice.hear('error'), { code: 'too_many_requests', limit: 4, about: 5 });
  await alice.hear('reply', ({ id }) => id === 4);
});

void t.test('a full mailbox: by number and by bytes', async t => {
  for (const [flags, size] of [
    [{ limitsMailboxMessages: '6' }, 10],
    [{ limitsMailboxBytes: '65536' }, 10_000],
  ] as const)
    await t.test(JSON.stringify(flags), async t => {
      const { alice, bobIdentity } = await two(t, flags);
      alice.say(...sends(1, 7, size));
      t.match(await alice.hear('rejected'), { seq: 7, upTo: 6, why: { code: 'mailbox_full' } });
      const bob = await new Speaker(bobIdentity).logIn();
      await bob.hear('deliver', ({ after, rows }) => after + rows.length === 6);
      bob.say({ kind: 'ack', upTo: 6, again: false });
      await alice.hear('deliver', ({ rows }) =>
        rows.some(row => row.kind === 'receipt' && row.delivered === 6),
      );
      alice.say({ ...sends(8, 1, size)[0]!, prev: 6 });
      await alice.hear('accepted', ({ upTo }) => upTo === 8);
      bob.close();
    });
});

void t.test('devices of one user', async t => {
  const { alice, aliceIdentity } = await two(t);
  const approve = async (id: number): Promise<void> => {
    const { publicKey: key } = await nodeCrypto.generateKeyPair();
    const signature = nodeCrypto.sign(
      aliceIdentity.privateKey,
      approvalBytes(aliceIdentity.user, key),
    );
    alice.say({ kind: 'request', id, method: 'device_approve', argument: { key, signature } });
  };
  for (let id = 1; id < limits.devicesPerUser; id++) {
    await approve(id);
    t.match(await alice.hear('reply', reply => reply.id === id), {
      value: { device: `user0:${id + 1}` },
    });
  }
  await approve(limits.devicesPerUser);
  t.match(await alice.hear('error'), { about: limits.devicesPerUser, code: 'too_many_devices' });
});

void t.test('errors on one connection', async t => {
  const { alice } = await two(t, { limitsErrorsPerMinute: '3' });
  for (let i = 0; i < 4; i++) alice.bytes(pack([[99]]));
  await closedWith(t, alice, 'too_many_errors');
  t.equal(alice.heard.filter(({ kind }) => kind === 'error').length, 4);
});
