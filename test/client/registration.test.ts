import t from 'tap';
import type { Fetch } from '../../client/http.ts';
import { linkCode, readLinkCode } from '../../client/link-code.ts';
import { awaitApproval, newIdentity, register } from '../../client/registration.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { deviceId, type UserId } from '../../protocol/ids.ts';
import { approvalBytes, registrationBytes } from '../../protocol/signing.ts';
import { FakeServer } from './fake-server.ts';
import { until } from '../actors/until.ts';
import { ManualClock, turns } from './manual-clock.ts';
import { party } from './party.ts';

const alice = 'alice' as UserId;
const identity = () => newIdentity(nodeCrypto, 'http://127.0.0.1:8080/', 'alice');

/** Answers one after the other, and keeps what was asked. */
function fakeFetch(...answers: { status: number; body: unknown }[]) {
  const asked: { url: string; method: string; body: Record<string, string> }[] = [];
  const fetch: Fetch = async (url, { method, body }) => {
    asked.push({ url, method, body: JSON.parse(body ?? '{}') as Record<string, string> });
    const answer = answers.shift();
    if (answer === undefined) throw new Error('connection refused');
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return { status: answer.status, text: async () => text };
  };
  return { fetch, asked };
}

void t.test('registering proves the key and brings the device', async t => {
  const made = await identity();
  t.match(made, { user: alice, device: null, retired: false });
  const { fetch, asked } = fakeFetch({ status: 201, body: { user: alice, device: 'alice:1' } });
  const registered = await register(nodeCrypto, made, { invite: 'abc', fetch });
  t.same(registered, { ...made, device: 'alice:1' });
  const [{ url, method, body }] = asked as [(typeof asked)[0]];
  t.same([url, method], ['http://127.0.0.1:8080/v1/register', 'POST']);
  t.match(body, { handle: 'alice', invite: 'abc' });
  const key = Buffer.from(body['key']!, 'base64url');
  const signature = Buffer.from(body['signature']!, 'base64url');
  t.same(new Uint8Array(key), made.publicKey);
  t.ok(nodeCrypto.verify(key, registrationBytes(alice, key), signature));
});

void t.test('what stands against it has a code', async t => {
  const made = await identity();
  const attempt = (...answers: { status: number; body: unknown }[]) =>
    register(nodeCrypto, made, { fetch: fakeFetch(...answers).fetch });
  const taken = { error: 'handle_taken', message: 'Taken.', field: 'handle' };
  await t.rejects(attempt({ status: 409, body: taken }), {
    code: 'handle_taken',
    message: 'Taken.',
    field: 'handle',
  });
  await t.rejects(attempt({ status: 403, body: { error: 'invite_needed' } }), {
    code: 'invite_needed',
    message: /invitation/,
  });
  await t.rejects(attempt(), { code: 'unreachable', cause: { message: 'connection refused' } });
  await t.rejects(attempt({ status: 502, body: '<html>' }), { code: 'bad_answer', message: /502/ });
  await t.rejects(attempt({ status: 200, body: { device: 'bob:1' } }), { code: 'bad_answer' });
  await t.rejects(attempt({ status: 200, body: { device: null } }), { code: 'bad_answer' });
  await t.rejects(newIdentity(nodeCrypto, 'http://x', 'Alice!'), { code: 'bad_handle' });
});

void t.test('a new device waits until it is approved', async t => {
  const clock = new ManualClock();
  const made = await identity();
  const { fetch, asked } = fakeFetch(
    { status: 200, body: { device: null } },
    { status: 200, body: { device: 'alice:2' } },
  );
  const waiting = awaitApproval(made, { fetch, clock, pollMs: 500 });
  await until(() => clock.nextMs !== undefined);
  clock.advance(500);
  t.equal((await waiting).device, 'alice:2');
  const key = Buffer.from(made.publicKey).toString('base64url');
  t.equal(asked[0]?.url, `http://127.0.0.1:8080/v1/users/alice/devices?key=${key}`);
  const signal = AbortSignal.abort(new Error('enough'));
  await t.rejects(awaitApproval(made, { fetch, clock, signal }), { message: 'enough' });
});

void t.test('a device that is in signs the key of the code that it was shown', async t => {
  const made = await identity();
  const code = linkCode({ user: alice, key: made.publicKey });
  t.same(readLinkCode(` ${code}\n`), { user: alice, key: made.publicKey });
  for (const wrong of ['', 'alice', 'alice/abc', `${code}/x`, `Alice!/${code.slice(6)}`])
    t.throws(() => readLinkCode(wrong), { code: 'bad_field' }, wrong);

  const server = new FakeServer();
  const first = await party(server, 'alice');
  const client = await first.open();
  await client.connect();
  server.answer = ({ id }) => ({
    kind: 'reply',
    id,
    method: 'device_approve',
    value: { device: deviceId(alice, 2) },
  });
  t.equal(await client.approve(code), 'alice:2');
  await turns();
  const asked = server.heard.map(({ packet }) => packet).find(({ kind }) => kind === 'request');
  if (asked?.kind !== 'request' || asked.method !== 'device_approve') throw new Error('not asked');
  const { key, signature } = asked.argument;
  t.same(new Uint8Array(key), made.publicKey);
  t.ok(nodeCrypto.verify(first.identity.publicKey, approvalBytes(alice, key), signature));
  const other = linkCode({ user: 'bob' as UserId, key: made.publicKey });
  await t.rejects(client.approve(other), { code: 'bad_field' });
  await client.close();
});
