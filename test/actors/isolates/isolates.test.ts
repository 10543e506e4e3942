import { spawnSync } from 'node:child_process';
import t from 'tap';
import {
  at,
  call,
  cast,
  connectedIsolates,
  connectIsolate,
  exit,
  isAlive,
  isolateOf,
  isPid,
  joinAs,
  processInfo,
  register,
  send,
  sendAfter,
  serverName,
  start,
  thisIsolate,
} from '../../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../../actors/index.ts';
import { captureLog } from '../capture-log.ts';
import { until } from '../until.ts';
import { GatedPort } from './gated-port.ts';
import { startIsolate } from './isolates.ts';
import { checkOrder, puppetsName, spawnPuppet, startPuppets, puppetsAt } from './puppets.ts';

await startPuppets();
const here = puppetsAt(0);

void t.test('a process of another isolate is sent to, called and watched like ours', async t => {
  const one = await startIsolate(t, 1);
  const pid = await one.spawn();
  t.equal(isolateOf(pid), 1);
  t.equal(thisIsolate(), 0);
  t.same(connectedIsolates(), [1]);
  send(pid, 'hello');
  t.same(await one.got(pid), ['hello']);
  t.equal(await call(at(puppetsName, 1), { kind: 'alive', pid }), true);
  const watcher = spawnPuppet({});
  send(watcher, { order: 'monitor', dest: pid });
  await until(async () => (await one.info(pid))?.monitoredBy.includes(watcher) === true);
  t.same(processInfo(watcher)?.monitors, [pid]);
  send(pid, { order: 'end', reason: 'bye' });
  await until(async () => (await here.got(watcher)).length > 0);
  t.match(await here.got(watcher), [{ kind: 'DOWN', pid, reason: 'bye' }]);
  t.same(processInfo(watcher)?.monitors, []);
});

void t.test('100,000 mixed signals arrive in the order in which they were sent', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const count = 100_000;
  const unlimited = { trapExit: true, mailboxLimit: Infinity };
  const there = await one.spawn(unlimited);
  const ours = await here.spawn(unlimited);
  // From one process to one, both ways at a time.
  send(await here.spawn(), { order: 'mix', dest: there, count });
  send(await one.spawn(), { order: 'mix', dest: ours, count });
  await until(async () => (await here.got(ours)).length >= count);
  t.same(checkOrder(await here.got(ours)), { count, inOrder: true });
  await until(async () => (await call(one.dest, { kind: 'inOrder', pid: there })).count >= count);
  t.same(await call(one.dest, { kind: 'inOrder', pid: there }), { count, inOrder: true });
});

void t.test('what leaves in one turn of the loop crosses in one buffer', async t => {
  let port: GatedPort | undefined;
  const one = await startIsolate(t, 1, { through: raw => (port = new GatedPort(raw)) });
  const first = await one.spawn();
  const second = await one.spawn();
  const before = port!.outward.batches;
  for (let number = 0; number < 1_000; number += 1) {
    send(first, number);
    send(second, number);
    send(at('nobody', 1), number);
  }
  let asked = 0;
  const gotAll = async (puppet: Pid): Promise<boolean> => {
    asked += 1;
    return (await one.got(puppet)).length === 1_000;
  };
  // Neither has to be done with its queue before the other.
  await until(() => gotAll(first));
  await until(() => gotAll(second));
  const buffers = port!.outward.batches - before;
  t.ok(buffers <= 1 + asked, `${buffers} for all of them and ${asked} questions`);
});

void t.test('names in another isolate: nobody there is silent, and so is no isolate', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const named = await one.spawn({ name: 'a.puppet' });
  send(at('a.puppet', 1), 'by name');
  t.same(await one.got(named), ['by name']);
  for (const isolate of [0, 1, 9]) {
    send(at('nobody', isolate), 'lost');
    cast(at('nobody', isolate), 'lost');
  }
  t.throws(() => send('nobody', 1), /no process is registered/);
  const watcher = spawnPuppet({});
  for (const isolate of [0, 1, 9]) send(watcher, { order: 'monitor', dest: at('nobody', isolate) });
  await until(async () => (await here.got(watcher)).length === 3);
  const found = (await here.got(watcher)) as { isolate: number }[];
  t.match(
    found.toSorted((a, b) => a.isolate - b.isolate),
    [
      { kind: 'DOWN', pid: undefined, reason: 'noproc', name: 'nobody', isolate: 0 },
      { kind: 'DOWN', pid: undefined, reason: 'noproc', name: 'nobody', isolate: 1 },
      { kind: 'DOWN', pid: undefined, reason: 'noconnection', name: 'nobody', isolate: 9 },
    ],
  );
  t.throws(() => at('', 1), TypeError);
  t.throws(() => at('x', 1_024), /from 0 to 1023, got 1024/);
});

void t.test('monitor and send of one turn reach the same incarnation of a name', async t => {
  captureLog(t);
  let port: GatedPort | undefined;
  const one = await startIsolate(t, 1, { through: raw => (port = new GatedPort(raw)) });
  const first = await one.spawn({ name: 'reborn' });
  const watcher = spawnPuppet({});
  const watchAndSend = (message: string): void =>
    send(watcher, {
      order: 'all',
      orders: [
        { order: 'monitor', dest: at('reborn', 1) },
        { order: 'send', dest: at('reborn', 1), messages: [message] },
      ],
    });
  port!.outward.hold();
  watchAndSend('to the first');
  await until(() => port!.outward.held === 1);
  t.equal(processInfo(watcher)?.monitors.length, 1, 'both are in the one buffer');
  port!.outward.release();
  t.same(await one.got(first), ['to the first']);
  exit(first, 'over');
  await until(async () => (await here.got(watcher)).length === 1);
  t.match(await here.got(watcher), [{ reason: 'over', name: 'reborn', isolate: 1, pid: first }]);
  const second = await one.spawn({ name: 'reborn' });
  watchAndSend('to the second');
  await until(async () => (await one.got(second)).length === 1);
  t.equal((await one.info(second))?.monitoredBy.length, 1);
});

void t.test('offer refuses what it can know, and drops silently what it cannot', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const pid = await one.spawn({ mailboxLimit: 3 });
  const offering = spawnPuppet({});
  send(offering, { order: 'offer', dest: pid, messages: [1, 2, 3, 4, 5] });
  await until(async () => (await one.got(pid)).length > 0);
  t.same(await here.got(offering), [true, true, true, true, true]);
  t.same(await one.got(pid), [1, 2, 3]);
  send(pid, { order: 'end', reason: 'normal' });
  t.equal(await one.alive(pid), false);
  send(offering, { order: 'offer', dest: pid, messages: [6] });
  send(offering, { order: 'offer', dest: at('nobody', 9), messages: [7] });
  await until(async () => (await here.got(offering)).length === 7);
  t.same((await here.got(offering)).slice(5), [true, false]);
});

void t.test('a send past the limit ends the receiver, EXIT and DOWN do not count', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const watcher = spawnPuppet({});
  const pid = await one.spawn({ mailboxLimit: 3 });
  send(watcher, { order: 'monitor', dest: pid });
  send(watcher, { order: 'send', dest: pid, messages: [1, 2, 3, 4] });
  await until(async () => (await here.got(watcher)).length > 0);
  t.match(await here.got(watcher), [{ kind: 'DOWN', reason: 'mailbox_overflow' }]);

  const small = spawnPuppet({ mailboxLimit: 1, trapExit: true });
  const many = await Promise.all(Array.from({ length: 20 }, () => one.spawn()));
  send(small, {
    order: 'all',
    orders: many.flatMap(dest => [
      { order: 'monitor', dest },
      { order: 'link', pid: dest },
    ]),
  });
  await until(() => processInfo(small)?.links.length === 20);
  for (const dest of many) send(dest, { order: 'end', reason: 'all at once' });
  await until(async () => (await here.got(small)).length === 40);
  t.ok(isAlive(small));
});

void t.test('what only the own isolate can tell or do is a TypeError elsewhere', async t => {
  const one = await startIsolate(t, 1);
  const pid = await one.spawn();
  t.throws(() => isAlive(pid), /monitor\(\) it/);
  t.throws(() => processInfo(pid), /isolate 1/);
  t.throws(() => sendAfter(1, pid, 'later'), /set the timer there/);
  t.throws(() => register('elsewhere', pid), /register it there/);
  t.throws(() => connectIsolate(0, undefined as never), /this is isolate 0 itself/);
  t.throws(() => joinAs(3), /before the first process/);
  t.throws(() => joinAs(1_024), /from 0 to 1023/);
  t.throws(() => joinAs(1, 8_192), /creation from 0 to 8191/);
  const ours = spawnPuppet({});
  t.throws(() => start({ init: () => ['ok', null] }, null, { parent: ours }), /another isolate/);
});

void t.test('a pid is never repeated, and one of an earlier creation is dead for good', async t => {
  captureLog(t);
  const first = await startIsolate(t, 1);
  const old = await Promise.all(Array.from({ length: 50 }, () => first.spawn()));
  await first.terminate();
  const second = await startIsolate(t, 1, { creation: 1 });
  const young = await Promise.all(Array.from({ length: 50 }, () => second.spawn()));
  t.equal(new Set([...old, ...young]).size, 100);
  t.ok([...old, ...young].every(pid => isPid(pid) && isolateOf(pid) === 1));
  for (const pid of old) {
    send(pid, 'late');
    exit(pid, 'kill');
  }
  const watcher = spawnPuppet({ trapExit: true });
  send(watcher, { order: 'monitor', dest: old[0]! });
  send(watcher, { order: 'link', pid: old[0]! });
  await until(async () => (await here.got(watcher)).length === 2);
  t.match(await here.got(watcher), [
    { kind: 'DOWN', pid: old[0], reason: 'noproc' },
    { kind: 'EXIT', pid: old[0], reason: 'noproc' },
  ]);
  for (const pid of young) t.same(await second.got(pid), []);
});

type CounterCall = Request<'add', { by: number }, number> | Request<'name', object, string>;

void t.test('types: the reply of a remote call is the one of its request', async t => {
  const counterName = serverName<CounterCall, { kind: 'reset' }>('counter');
  const counter: GenServer<null, number, CounterCall, { kind: 'reset' }> = {
    init: () => ['ok', 0],
    handleCall: (request, _from, count) =>
      request.kind === 'add'
        ? ['reply', count + request.by, count + request.by]
        : ['reply', 'counter', count],
    handleCast: () => ['noreply', 0],
  };
  await start(counter, null, { name: counterName });
  const there = at(counterName, 0);
  cast(there, { kind: 'reset' });
  const sum: number = await call(there, { kind: 'add', by: 2 });
  const name: string = await call(there, { kind: 'name' });
  t.same([sum, name], [2, 'counter']);
  // @ts-expect-error a number is no name
  const wrong: string = await call(there, { kind: 'add', by: 1 });
  t.equal(typeof wrong, 'number');
  // @ts-expect-error it understands no such cast
  const unknownCast = () => cast(there, { kind: 'unheard of' });
  // @ts-expect-error it understands no such call
  const unknownCall = () => call(there, { kind: 'unheard of' });
  t.same([typeof unknownCast, typeof unknownCall], ['function', 'function']);
  const untyped: unknown = await call(at('counter' as string, 0), { kind: 'name' });
  t.equal(untyped, 'counter');
});

void t.test('a channel keeps no program alive', t => {
  const index = new URL('../../../actors/index.js', import.meta.url).href;
  const source = `
    import { MessageChannel } from 'node:worker_threads';
    const { connectIsolate, spawn, send } = await import(${JSON.stringify(index)});
    const { port1, port2 } = new MessageChannel();
    connectIsolate(1, port1);
    send(spawn(() => console.log('idle from here on')), 1);
    globalThis.held = port2;`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', source],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: 30_000 },
  );
  t.equal(stdout, 'idle from here on\n', stderr);
  t.equal(status, 0);
  t.end();
});
