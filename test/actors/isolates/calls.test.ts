import t from 'tap';
import {
  at,
  call,
  exit,
  processInfo,
  receiveResponse,
  reply,
  send,
  sendRequest,
  setClock,
  spawn,
  stop,
  sys,
  whereis,
} from '../../../actors/index.ts';
import type { From, Pid } from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { until } from '../until.ts';
import { connectTwo, startIsolate } from './isolates.ts';
import type { Isolate } from './isolates.ts';
import { puppetsAt, puppetsName, spawnPuppet, startPuppets } from './puppets.ts';

await startPuppets();
const here = puppetsAt(0);

void t.test('why a call to another isolate fails', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const echo = { kind: 'echo', value: 1 } as const;
  const description = (server: unknown, ms = 5_000) => ['call', server, 'echo', ms];
  const nobody = at('nobody', 1);
  t.same(await exitOf(call(nobody, echo)), ['noproc', description(nobody)]);
  const nowhere = at('nobody', 9);
  t.same(await exitOf(call(nowhere, echo)), ['noconnection', description(nowhere)]);
  t.same(await exitOf(call(at('nobody', 0), echo)), ['noproc', description(at('nobody', 0))]);
  const puppet = await one.spawn();
  exit(puppet, 'gone');
  t.same(await exitOf(call(puppet, echo)), ['noproc', description(puppet)]);
  const silent = await one.spawn();
  const waiting = exitOf(call(silent, echo));
  await until(async () => (await one.got(silent)).length === 1);
  exit(silent, 'died');
  t.same(await waiting, ['died', description(silent)]);
  const full = await one.spawn({ mailboxLimit: 1 });
  // From outside of any process a full mailbox refuses; two of one turn, so the second finds one.
  const both = [exitOf(call(full, echo, 100)), exitOf(call(full, echo, 100))];
  t.match(await Promise.race(both), ['mailbox_full']);
  await Promise.all(both);
});

void t.test('a late reply vanishes, and nothing is left of a call that is over', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const one = await startIsolate(t, 1);
  const server = await one.spawn({ name: 'watched' });
  const watching = async () => (await one.info(server))?.monitoredBy;
  const caller = spawnPuppet({});
  send(caller, {
    order: 'call',
    dest: server,
    request: { kind: 'echo', value: 1 },
    timeoutMs: 1_000,
  });
  await until(async () => (await one.got(server)).length === 1);
  t.same(await watching(), [caller]);
  await clock.advance(1_000);
  t.match(await here.got(caller), [{ error: { reason: ['timeout'] } }]);
  t.same(await watching(), []);

  const late = exitOf(call(one.dest, { kind: 'hold', as: 'late' }, 1_000));
  await call(one.dest, { kind: 'echo', value: 'a turn later' });
  await clock.advance(1_000);
  t.match(await late, ['timeout']);
  await call(one.dest, { kind: 'release', as: 'late', value: 'too late' });

  const dying = spawnPuppet({});
  send(dying, { order: 'call', dest: server, request: { kind: 'echo', value: 2 } });
  await until(async () => (await one.got(server)).length === 2);
  t.same(await watching(), [dying]);
  exit(dying, 'kill');
  await until(async () => (await watching())?.length === 0);
});

void t.test('a from that is sent on is answered from wherever it ends up', async t => {
  const one = await startIsolate(t, 1);
  const two = await startIsolate(t, 2);
  await connectTwo(one, two);
  // Asked in 1, answered in 2 …
  const caller = spawnPuppet({});
  const server = await pidOf(one);
  send(caller, { order: 'call', dest: server, request: { kind: 'hold', as: 'a' } });
  await until(async () => (await one.info(server))?.monitoredBy.includes(caller) === true);
  const from = await call(one.dest, { kind: 'held', as: 'a' });
  await call(two.dest, { kind: 'answer', from, value: 'from two' });
  await until(async () => (await here.got(caller)).length > 0);
  t.same(await here.got(caller), [{ value: 'from two' }]);
  // … which leaves no watch behind in 1 …
  t.same((await one.info(server))?.monitoredBy, []);
  // … and here, by the caller's own isolate, to which it came home.
  const again = call(one.dest, { kind: 'hold', as: 'b' });
  const home: From = await call(one.dest, { kind: 'held', as: 'b' });
  reply(home, 'from home');
  reply(home, 'twice');
  t.equal(await again, 'from home');
  // A from of a local call goes out, too.
  const local = call(puppetsName, { kind: 'hold', as: 'c' });
  const ours = await call(puppetsName, { kind: 'held', as: 'c' });
  await call(two.dest, { kind: 'answer', from: ours, value: 'from abroad' });
  t.equal(await local, 'from abroad');
  await call(two.dest, { kind: 'answer', from: ours, value: 'twice' });
  t.throws(() => reply({ pid: undefined, isolate: 1, ref: 1 } as never, 1), TypeError);
});

async function pidOf(one: Isolate): Promise<Pid> {
  return call(one.dest, { kind: 'whereis', name: puppetsName });
}

void t.test('a call from isolate to isolate, and requests that are answered later', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const two = await startIsolate(t, 2);
  t.same(await call(one.dest, { kind: 'askAround', dest: two.dest, value: 1 }), [
    'error',
    ['noconnection', two.dest],
  ]);
  await connectTwo(one, two);
  t.same(await call(one.dest, { kind: 'askAround', dest: two.dest, value: [1, 'x'] }), [
    'reply',
    [1, 'x'],
  ]);
  const first = sendRequest(one.dest, { kind: 'echo', value: 'later' });
  t.same(await receiveResponse(first), ['reply', 'later']);
  const held = sendRequest(one.dest, { kind: 'hold', as: 'x' });
  await call(one.dest, { kind: 'echo', value: 'is there' });
  const pid = await pidOf(one);
  exit(pid, 'gone');
  t.same(await receiveResponse(held), ['error', ['gone', one.dest]]);
  t.same(await receiveResponse(sendRequest(one.dest, { kind: 'echo', value: 1 })), [
    'error',
    ['noproc', one.dest],
  ]);
  let seen: unknown;
  const client = spawn(message => {
    if (message === 'ask') sendRequest(two.dest, { kind: 'echo', value: 'as a message' });
    else seen = message;
  });
  send(client, 'ask');
  await until(() => seen !== undefined);
  t.match(seen, { kind: 'response', response: ['reply', 'as a message'] });
});

void t.test('sys and stop reach servers elsewhere; what takes code is a TypeError', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  t.equal(await sys.getState(one.dest), null);
  t.match(await sys.getStatus(one.dest), { status: 'running', name: 'puppets', state: null });
  await sys.suspend(one.dest);
  const waiting = call(one.dest, { kind: 'echo', value: 'after resume' });
  t.match(await sys.getStatus(one.dest), { status: 'suspended' });
  await sys.resume(one.dest);
  t.equal(await waiting, 'after resume');
  await t.rejects(
    sys.replaceState(one.dest, () => 1),
    /sys.replaceState\(\) takes code.*isolate 1/,
  );
  await t.rejects(sys.changeCode(one.dest, {}, 1, 2), /sys.changeCode\(\) takes code/);
  const bare = await one.spawn();
  t.match(await exitOf(sys.getState(bare)), ['not_a_behaviour']);
  t.match(await exitOf(sys.getState(at('nobody', 1))), ['noproc']);
  t.match(await exitOf(sys.getState(at('nobody', 9))), ['noconnection']);
  t.equal(await exitOf(stop(at('nobody', 1))), 'noproc');
  await stop(one.dest, 'shutdown');
  t.match(await exitOf(call(one.dest, { kind: 'echo', value: 1 })), ['noproc']);
  t.equal(whereis('puppets') === undefined, false, 'ours is another one');
  t.equal(processInfo(whereis('puppets')!)?.status, 'idle');
});
