import t from 'tap';
import type { Client } from '../../client/client.ts';
import { ClientError, RefusedError } from '../../client/errors.ts';
import { groupId, type UserId } from '../../protocol/ids.ts';
import { FakeServer } from './fake-server.ts';
import { until } from '../actors/until.ts';
import { turns } from './manual-clock.ts';
import { party, Reader } from './party.ts';

const alice = 'alice' as UserId;
const bob = 'bob' as UserId;
const group = groupId(new Uint8Array(16));

const two = async () => {
  const server = new FakeServer();
  return { server, a: await party(server, 'alice'), b: await party(server, 'bob') };
};
const text = (client: Client, text: string) => client.send({ to: bob, text });

void t.test('a message goes from one to the other, receipts come back', async t => {
  const { a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const [sent, got] = [new Reader(from), new Reader(to)];
  const pending = text(from, 'hello');
  t.equal(pending.seq, 1);
  await pending.stored;
  await Promise.all([from.connect(), to.connect()]);
  t.same(await pending.accepted, { acceptedAt: 1_001 });
  await until(() => got.messages.length === 1);
  const [message] = got.messages;
  t.match(message, { id: pending.id, from: alice, text: 'hello', to: [bob], acceptedAt: 1_001 });
  await until(() => sent.kinds('receipt').length === 1);
  t.match(sent.kinds('receipt')[0], { peer: 'bob:1', delivered: 1, read: [] });
  to.markRead(message!);
  await until(() => sent.kinds('receipt').length === 2);
  t.match(sent.kinds('receipt')[1], { delivered: 1, read: [[null, 1]] });
  await Promise.all([from.close(), to.close(), got.ended, sent.ended]);
});

void t.test('what one turn sends shares a frame, and so do its acknowledgements', async t => {
  const { server, a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const got = new Reader(to);
  await Promise.all([from.connect(), to.connect()]);
  await text(from, 'first').accepted;
  await until(() => got.messages.length === 1);
  await turns();
  server.heard.length = 0;
  const many = Array.from({ length: 100 }, (_, i) => text(from, `${i}`));
  await Promise.all(many.map(({ accepted }) => accepted));
  await until(() => got.messages.length === 101);
  await turns();
  const acks = server.heard.filter(
    ({ packet, device }) => packet.kind === 'ack' && device === 'bob:1',
  );
  t.ok(acks.length < 10, `100 messages take few acknowledgements: ${acks.length}`);
  t.same(
    got.texts.slice(1),
    many.map((_, i) => `${i}`),
    'in order',
  );
  await Promise.all([from.close(), to.close()]);
});

void t.test('an outbox survives its client and goes out with the next one', async t => {
  const { server, a, b } = await two();
  const got = new Reader(await b.open().then(async to => (await to.connect(), to)));
  const first = await a.open();
  server.deaf = true;
  await first.connect();
  const pending = text(first, 'one');
  await until(() => server.heard.some(({ packet }) => packet.kind === 'send'));
  await first.close();
  await t.rejects(pending.accepted, { code: 'closed' });
  server.deaf = false;
  const second = await a.open();
  const [left] = second.pending();
  t.match(left, { id: pending.id, seq: 1 });
  await second.connect();
  await left?.accepted;
  await second.settled();
  t.same(second.pending(), []);
  await until(() => got.texts.includes('one'));
  await second.close();
});

void t.test('accepted, but the answer was lost: not sent twice', async t => {
  const { server, a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const got = new Reader(to);
  await Promise.all([from.connect(), to.connect()]);
  await text(from, 'zero').accepted;
  server.mute = true;
  const pending = text(from, 'one');
  await until(() => server.devices.get('alice:1' as never)!.sender.upTo === 2);
  server.mute = false;
  server.cutAll();
  await turns();
  a.clock.advance(1_000);
  b.clock.advance(1_000);
  t.same(await pending.accepted, { acceptedAt: null });
  await until(() => got.texts.length === 2);
  await turns();
  t.same(got.texts, ['zero', 'one']);
  await Promise.all([from.close(), to.close()]);
});

void t.test('a stale device list is repaired without anybody noticing, in order', async t => {
  const { server, a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const got = new Reader(to);
  await Promise.all([from.connect(), to.connect()]);
  await Promise.all(['1', '2', '3'].map(word => text(from, word).accepted));
  const b2 = await party(server, 'bob', 2);
  const second = await b2.open();
  const gotToo = new Reader(second);
  await second.connect();
  await Promise.all(['4', '5'].map(word => text(from, word).accepted));
  await until(() => got.texts.length === 5 && gotToo.texts.length === 2);
  t.same(got.texts, ['1', '2', '3', '4', '5']);
  t.same(gotToo.texts, ['4', '5']);
  await Promise.all([from.close(), to.close(), second.close()]);
});

void t.test('a stale group is repaired, an unknown one refused', async t => {
  const { server, a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const got = new Reader(to);
  await Promise.all([from.connect(), to.connect()]);
  await t.rejects(from.send({ group, text: 'x' }).accepted, {
    code: 'unknown_group',
    refusal: { group },
  });
  server.groups.set(group, { version: 5, members: [alice, bob] });
  await from.send({ group, text: 'y' }).accepted;
  await until(() => got.messages.length === 1);
  t.match(got.messages[0], { conversation: group, text: 'y', to: group });
  await Promise.all([from.close(), to.close()]);
});

void t.test('one refused message does not hold up those behind it', async t => {
  const { server, a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const got = new Reader(to);
  await Promise.all([from.connect(), to.connect()]);
  await text(from, '0').accepted;
  server.refuseNext = { code: 'blocked', user: bob };
  const sends = ['1', '2', '3'].map(word => text(from, word));
  const error = await sends[0]!.accepted.catch((error: unknown) => error);
  t.type(error, RefusedError);
  t.match(error, { code: 'blocked', seq: 2, refusal: { code: 'blocked', user: bob } });
  await Promise.all([sends[1]!.accepted, sends[2]!.accepted]);
  await until(() => got.texts.length === 3);
  t.same(got.texts, ['0', '2', '3']);
  await Promise.all([from.close(), to.close()]);
});

void t.test('an event comes again, with its id, until it is confirmed', async t => {
  const { a, b } = await two();
  const from = await a.open();
  await from.connect();
  const sends = [text(from, '1'), text(from, '2')];
  await Promise.all(sends.map(({ accepted }) => accepted));
  const first = await b.open();
  await first.connect();
  const seen: string[] = [];
  for await (const event of first.events()) {
    if (event.kind !== 'message') continue;
    seen.push(event.id);
    if (seen.length === 1) continue; // asking for the next one confirms
    break; // not confirmed: the program might have crashed here
  }
  await first.close();
  const second = await b.open();
  const got = new Reader(second);
  await second.connect();
  await until(() => got.messages.length === 1);
  t.same(seen, [sends[0]!.id, sends[1]!.id]);
  t.equal(got.messages[0]!.id, sends[1]!.id);
  await second.close();
  const third = await b.open();
  const gotNothing = new Reader(third);
  await third.connect();
  await turns();
  t.same(gotNothing.messages, []);
  await Promise.all([from.close(), third.close()]);
});

void t.test('nothing is acknowledged before it is stored', async t => {
  const { server, a, b } = await two();
  const from = await a.open();
  await from.connect();
  await text(from, '1').accepted;
  let release: () => void = () => undefined;
  const inbox = await b.store.openInbox();
  const slow = {
    ...b.store,
    openInbox: () => ({
      load: () => inbox.load(),
      close: () => inbox.close(),
      commit: async (changes: Parameters<typeof inbox.commit>[0]) => {
        if (changes.some(({ kind }) => kind === 'add'))
          await new Promise<void>(resolve => (release = resolve));
        await inbox.commit(changes);
      },
    }),
  };
  const to = await b.open({ store: slow });
  const got = new Reader(to);
  await to.connect();
  await until(() => server.heard.some(({ device }) => device === 'bob:1'));
  await turns();
  t.same(got.messages, [], 'nor shown');
  t.equal(server.devices.get('bob:1' as never)!.acked, 0);
  release();
  await until(() => server.devices.get('bob:1' as never)!.acked === 1);
  t.equal(got.messages.length, 1);
  await Promise.all([from.close(), to.close()]);
});

void t.test('an application that does not read holds the server back', async t => {
  const { server, a, b } = await two();
  server.frameWindow = 4;
  const [from, to] = [await a.open(), await b.open({ limits: { inboxRows: 3 } })];
  await Promise.all([from.connect(), to.connect()]);
  const sends = Array.from({ length: 20 }, (_, i) => text(from, `${i}`));
  await Promise.all(sends.map(({ accepted }) => accepted));
  await turns(50);
  t.ok(
    server.devices.get('bob:1' as never)!.rows.length >= 20 - 3 - 4,
    'the rest stays at the server',
  );
  const got = new Reader(to);
  await until(() => got.messages.length === 20);
  t.same(
    got.texts,
    sends.map((_, i) => `${i}`),
  );
  await Promise.all([from.close(), to.close()]);
});

void t.test('rows that went missing are asked for', async t => {
  const { server, a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const got = new Reader(to);
  await Promise.all([from.connect(), to.connect()]);
  await text(from, '1').accepted;
  server.mute = true;
  text(from, '2');
  await until(() => server.devices.get('bob:1' as never)!.lastN === 2);
  server.mute = false;
  text(from, '3');
  await until(() => got.texts.length === 3);
  t.same(got.texts, ['1', '2', '3']);
  await Promise.all([from.close(), to.close()]);
});

void t.test('a restored server gets again what it lost, and nobody sees it twice', async t => {
  const { server, a, b } = await two();
  const [from, to] = [await a.open(), await b.open()];
  const got = new Reader(to);
  await Promise.all([from.connect(), to.connect()]);
  await text(from, '1').accepted;
  await until(() => got.texts.length === 1);
  await turns();
  const copy = server.backup();
  await text(from, '2').accepted;
  await until(() => got.texts.length === 2);
  await to.close();
  await text(from, '3').accepted;
  server.restore(copy);
  await turns();
  a.clock.advance(1_000);
  await until(() => server.devices.get('alice:1' as never)!.sender.upTo === 3);
  const again = await b.open();
  const gotAfter = new Reader(again);
  await again.connect();
  await until(() => gotAfter.texts.length > 0);
  await turns();
  t.same(got.texts, ['1', '2']);
  t.same(gotAfter.texts, ['3']);
  await Promise.all([from.close(), again.close()]);
});

void t.test('a device that finds itself an older copy retires for good', async t => {
  const { server, a } = await two();
  const first = await a.open();
  await first.connect();
  await text(first, '1').accepted;
  await first.close();
  server.devices.get('alice:1' as never)!.sender = { upTo: 2, seen: 2, rev: 0, why: null };
  const second = await a.open();
  const events = new Reader(second);
  const pending = text(second, '2');
  await second.connect();
  await t.rejects(pending.accepted, { code: 'retired' });
  await events.ended;
  t.equal(events.kinds('retired').length, 1);
  await second.close();
  const third = await a.open();
  await t.rejects(third.connect(), { code: 'retired' });
  await third.close();
});

void t.test('a broken connection is made anew, later and later; a login resets that', async t => {
  const { server, a } = await two();
  const client = await a.open();
  const events = new Reader(client);
  await client.connect();
  server.up = false;
  server.cutAll();
  const waits: number[] = [];
  for (let i = 1; i <= 4; i++) {
    await until(() => events.kinds('disconnected').length === i);
    const { retryInMs } = events.kinds('disconnected').at(-1)!;
    waits.push(retryInMs!);
    if (i === 4) server.up = true;
    a.clock.advance(retryInMs!);
  }
  t.same(waits, [250, 500, 1_000, 2_000]);
  await until(() => client.connected);
  server.cutAll();
  await until(() => events.kinds('disconnected').length === 5);
  t.equal(events.kinds('disconnected').at(-1)!.retryInMs, 250);
  await client.close();
});

void t.test('the server’s wish when to come back is kept', async t => {
  const { server, a } = await two();
  const client = await a.open();
  const events = new Reader(client);
  await client.connect();
  server.closeAll('going_away', 7_000);
  await until(() => events.kinds('disconnected').length === 1);
  t.match(events.kinds('disconnected')[0], { code: 'going_away', retryInMs: 7_250 });
  await client.close();
});

void t.test('where coming back cannot help, the client ends and says why', async t => {
  for (const code of ['replaced', 'device_removed', 'unknown_device'] as const) {
    const { server, a } = await two();
    const client = await a.open();
    const events = new Reader(client);
    await client.connect();
    server.deaf = true;
    const pending = text(client, 'x');
    await pending.stored;
    server.closeAll(code, null);
    await t.rejects(pending.accepted, { code });
    await events.ended;
    t.match(events.kinds('disconnected'), [{ code, retryInMs: null }]);
    t.throws(() => text(client, 'y'), { code: 'closed' });
    t.equal(a.clock.nextMs, undefined, 'no timer is left');
  }
});

void t.test('a first attempt that fails is told; it may be repeated', async t => {
  const { server, a } = await two();
  server.up = false;
  const client = await a.open();
  await t.rejects(client.connect(), { code: 'unreachable' });
  server.up = true;
  await client.connect();
  t.ok(client.connected);
  await client.close();
  await t.rejects(client.connect(), { code: 'closed' });
});

void t.test('a wrong key is told as such', async t => {
  const { server, a } = await two();
  server.devices.set('alice:1' as never, { ...server.devices.get('bob:1' as never)! });
  const client = await a.open();
  await t.rejects(client.connect(), { code: 'login_failed' });
});

void t.test('a ticket logs in again; when it is refused the key is used', async t => {
  const { server, a } = await two();
  const client = await a.open();
  const events = new Reader(client);
  const proofs = () =>
    server.heard.flatMap(({ packet }) => (packet.kind === 'login' ? packet.proof.kind : []));
  await client.connect();
  server.cutAll();
  await until(() => events.kinds('disconnected').length === 1);
  a.clock.advance(1_000);
  await until(() => client.connected);
  t.same(proofs(), ['signature', 'ticket']);
  server.tickets.clear();
  server.cutAll();
  await until(() => events.kinds('disconnected').length === 2);
  a.clock.advance(1_000);
  await until(() => events.kinds('disconnected').length === 3);
  a.clock.advance(1_000);
  await until(() => client.connected);
  t.same(proofs(), ['signature', 'ticket', 'ticket', 'signature']);
  await client.close();
});

void t.test('a silent server is noticed by its missing pong', async t => {
  const { server, a } = await two();
  const client = await a.open({ limits: { answerTimeoutMs: 1e9 } });
  const events = new Reader(client);
  await client.connect();
  await turns();
  a.clock.advance(40_000);
  a.clock.advance(40_000);
  await turns();
  t.ok(
    server.heard.some(({ packet }) => packet.kind === 'ping'),
    'it pings when nothing is said',
  );
  t.same(events.kinds('disconnected'), [], 'a pong is a sign of life');
  server.mute = true;
  a.clock.advance(40_000);
  await turns();
  a.clock.advance(40_000);
  await turns();
  a.clock.advance(10_000);
  await until(() => events.kinds('disconnected').length === 1);
  await client.close();
});

void t.test('a server that does not answer sends is given up for a new connection', async () => {
  const { server, a } = await two();
  const client = await a.open();
  const events = new Reader(client);
  await client.connect();
  await text(client, '1').accepted;
  server.deaf = true;
  const pending = text(client, '2');
  await until(() => server.heard.filter(({ packet }) => packet.kind === 'send').length >= 3);
  a.clock.advance(30_000);
  await turns();
  a.clock.advance(30_000);
  await until(() => events.kinds('disconnected').length === 1);
  server.deaf = false;
  a.clock.advance(1_000);
  await pending.accepted;
  await client.close();
});

void t.test(
  'nothing is taken or offered before `state`; a connection without it is given up',
  async t => {
    const { server, a, b } = await two();
    const from = await a.open();
    await from.connect();
    await text(from, 'hello').accepted;
    server.stateless = true;
    const to = await b.open();
    const got = new Reader(to);
    await to.connect();
    const answer = to.send({ to: alice, text: 'x' });
    await answer.stored;
    await turns();
    t.same(got.messages, []);
    t.notOk(
      server.heard.some(({ device, packet }) => device === 'bob:1' && packet.kind !== 'login'),
    );
    server.stateless = false;
    b.clock.advance(30_000);
    await turns();
    b.clock.advance(30_000);
    await until(() => got.kinds('disconnected').length === 1);
    b.clock.advance(1_000);
    await answer.accepted;
    await until(() => got.texts.length === 1);
    await Promise.all([from.close(), to.close()]);
  },
);

void t.test('requests are answered by type, asked again after a break, and time out', async t => {
  const { server, a } = await two();
  const client = await a.open();
  await client.connect();
  server.answer = () => null;
  const answer = client.request('group_info', { group });
  await until(() => server.heard.some(({ packet }) => packet.kind === 'request'));
  server.answer = ({ id }) => ({
    kind: 'reply',
    id,
    method: 'group_info',
    value: { group, name: 'us', version: 3, members: [] },
  });
  server.cutAll();
  await turns();
  a.clock.advance(1_000);
  t.match(await answer, { name: 'us', version: 3 });
  server.answer = ({ id }) => ({ kind: 'error', code: 'not_member', message: 'no', about: id });
  await t.rejects(client.request('group_leave', { group }), { code: 'not_member', message: 'no' });
  server.answer = () => null;
  const late = client.request('group_info', { group });
  await turns();
  a.clock.advance(30_000);
  await t.rejects(late, { code: 'request_timeout' });
  await client.close();
  await t.rejects(client.request('group_info', { group }), { code: 'closed' });
});

void t.test('requests are asked again by the session that follows one that died', async t => {
  const { server, a } = await two();
  const client = await a.open();
  await client.connect();
  server.answer = () => null;
  const answer = client.request('group_info', { group });
  await until(() => server.heard.some(({ packet }) => packet.kind === 'request'));
  server.answer = ({ id }) => ({
    kind: 'reply',
    id,
    method: 'group_info',
    value: { group, name: 'us', version: 3, members: [] },
  });
  // The gateway kept the socket; all that the client hears is another `state`.
  for (const session of server.sessions) session.resume();
  t.match(await answer, { name: 'us', version: 3 });
  await client.close();
});

void t.test('what cannot be sent is said at once', async t => {
  const { a } = await two();
  const client = await a.open({ limits: { outboxEntries: 1 } });
  t.throws(() => text(client, 'x'.repeat(70_000)), { code: 'field_too_large', field: 'body' });
  t.throws(() => client.send({ to: [], text: 'x' }), { code: 'field_too_large', field: 'to' });
  text(client, '1');
  t.throws(() => text(client, '2'), { code: 'outbox_full', limit: 1 });
  await client.close();
  const deaf = await a.open({ roles: { send: false, receive: true } });
  t.throws(() => text(deaf, 'x'), { code: 'missing_role' });
  await deaf.close();
  await t.rejects(a.open({ roles: { send: false, receive: false } }), TypeError);
});

void t.test('a message too large for this server is given back, the rest goes on', async t => {
  const { server, a } = await two();
  server.bodyBytes = 200;
  const client = await a.open();
  const [large, small] = [text(client, 'x'.repeat(1_000)), text(client, 'x')];
  await client.connect();
  await t.rejects(large.accepted, { code: 'field_too_large', limit: 200 });
  await small.accepted;
  await client.close();
});

void t.test('two programs share a device by role, not in one role', async t => {
  const { a, b } = await two();
  const talk = await a.open({ roles: { send: true, receive: false } });
  const listen = await a.open({ roles: { send: false, receive: true } });
  await t.rejects(a.open({ roles: { send: true, receive: false } }), { code: 'role_taken' });
  const got = new Reader(listen);
  await Promise.all([talk.connect(), listen.connect()]);
  const other = await b.open();
  await other.connect();
  await other.send({ to: alice, text: 'hi' }).accepted;
  await text(talk, 'ho').accepted;
  await until(() => got.texts.includes('hi'));
  await talk.close();
  const next = await a.open({ roles: { send: true, receive: false } });
  await Promise.all([next.close(), listen.close(), other.close()]);
});

void t.test('a store that fails ends the client with its error', async t => {
  const { a } = await two();
  const outbox = await a.store.openOutbox();
  const broken = {
    ...a.store,
    openOutbox: () => ({
      load: () => outbox.load(),
      close: () => outbox.close(),
      sentAfter: () => [],
      commit: () => {
        throw new Error('disk is gone');
      },
    }),
  };
  const client = await a.open({ store: broken });
  const pending = text(client, 'x');
  const error: unknown = await pending.accepted.catch((error: unknown) => error);
  t.type(error, ClientError);
  t.match(error, { code: 'store_failed', cause: { message: 'disk is gone' } });
  await t.rejects(pending.stored, { code: 'store_failed' });
});
