import t from 'tap';
import {
  at,
  call,
  connectedIsolates,
  disconnectIsolate,
  exit,
  isAlive,
  processInfo,
  receiveResponse,
  send,
  sendRequest,
  setIsolateCodec,
} from '../../../actors/index.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { until } from '../until.ts';
import { GatedPort } from './gated-port.ts';
import { connectTwo, startIsolate } from './isolates.ts';
import { puppetsAt, spawnPuppet, startPuppets } from './puppets.ts';

await startPuppets();
const here = puppetsAt(0);

void t.test('an isolate that ends in the middle is noconnection to all who waited', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const [pid, other] = [await one.spawn({ name: 'somebody' }), await one.spawn()];
  const watcher = spawnPuppet({ trapExit: true });
  const linked = spawnPuppet({});
  const unlinked = spawnPuppet({});
  send(watcher, { order: 'link', pid });
  send(watcher, { order: 'monitor', dest: pid });
  send(watcher, { order: 'monitor', dest: at('somebody', 1) });
  send(linked, { order: 'link', pid: other });
  send(unlinked, { order: 'link', pid: other });
  send(unlinked, { order: 'unlink', pid: other });
  send(other, { order: 'monitor', dest: watcher });
  await until(() => processInfo(watcher)?.monitoredBy.length === 1);
  const asked = exitOf(call(one.dest, { kind: 'hold', as: 'never' }));
  const request = sendRequest(one.dest, { kind: 'hold', as: 'never, too' });
  await one.spawn();
  await one.terminate();
  disconnectIsolate(1);
  disconnectIsolate(1);
  t.match(await asked, ['noconnection', ['call', { name: 'puppets', isolate: 1 }]]);
  t.match(await receiveResponse(request), ['error', ['noconnection', { isolate: 1 }]]);
  t.notOk(isAlive(linked));
  t.ok(isAlive(unlinked));
  await until(async () => (await here.got(watcher)).length === 3);
  t.same(
    (await here.got(watcher)).map(message => ({ ...(message as object), ref: 0 })),
    [
      { kind: 'DOWN', ref: 0, pid, reason: 'noconnection' },
      {
        kind: 'DOWN',
        ref: 0,
        pid: undefined,
        reason: 'noconnection',
        name: 'somebody',
        isolate: 1,
      },
      { kind: 'EXIT', pid, reason: 'noconnection', ref: 0 },
    ],
  );
  t.match(processInfo(watcher), { links: [], monitors: [], monitoredBy: [] });
  t.same(connectedIsolates(), []);
  // What is sent to it from here on vanishes, and who links or watches is told at once.
  send(pid, 'lost');
  exit(pid, 'lost');
  send(watcher, { order: 'link', pid });
  send(watcher, { order: 'monitor', dest: pid });
  await until(async () => (await here.got(watcher)).length === 5);
  t.match((await here.got(watcher)).slice(3), [
    { kind: 'EXIT', reason: 'noconnection' },
    { kind: 'DOWN', reason: 'noconnection' },
  ]);
});

void t.test('two isolates lose each other, and a third keeps both', async t => {
  const one = await startIsolate(t, 1);
  const two = await startIsolate(t, 2);
  await connectTwo(one, two);
  const [a, b] = [await one.spawn({ trapExit: true }), await two.spawn({ trapExit: true })];
  send(a, { order: 'link', pid: b });
  await until(async () => (await two.info(b))?.links.includes(a) === true);
  await one.tell({ disconnect: 2 });
  await two.tell({ disconnect: 1 });
  t.match(await one.got(a), [{ kind: 'EXIT', pid: b, reason: 'noconnection' }]);
  t.match(await two.got(b), [{ kind: 'EXIT', pid: a, reason: 'noconnection' }]);
  t.same(connectedIsolates(), [1, 2]);
  await connectTwo(one, two);
  send(a, { order: 'send', dest: b, messages: ['again'] });
  await until(async () => (await two.got(b)).includes('again'));
});

void t.test(
  'isolate_up comes first and isolate_down last, as often as it was asked for',
  async t => {
    captureLog(t);
    const watcher = spawnPuppet({ trapExit: true });
    send(watcher, { order: 'monitorIsolates', on: true });
    await until(() => processInfo(watcher)?.callbacks === 1);
    const one = await startIsolate(t, 1);
    const pid = await one.spawn();
    send(watcher, { order: 'link', pid });
    send(watcher, { order: 'monitor', dest: pid });
    await until(async () => (await one.info(pid))?.monitoredBy.length === 1);
    disconnectIsolate(1);
    await until(async () => (await here.got(watcher)).length === 4);
    t.match(await here.got(watcher), [
      { kind: 'isolate_up', isolate: 1 },
      { kind: 'DOWN', reason: 'noconnection' },
      { kind: 'EXIT', reason: 'noconnection' },
      { kind: 'isolate_down', isolate: 1 },
    ]);
    send(watcher, { order: 'monitorIsolates', on: true });
    await until(async () => processInfo(watcher)?.callbacks === 8);
    await startIsolate(t, 2);
    await until(async () => (await here.got(watcher)).length === 6);
    send(watcher, { order: 'monitorIsolates', on: false });
    await until(async () => processInfo(watcher)?.callbacks === 11);
    disconnectIsolate(2);
    await until(async () => (await here.got(watcher)).length === 7);
    send(watcher, { order: 'monitorIsolates', on: false });
    const other = spawnPuppet({});
    send(other, { order: 'monitorIsolates', on: true });
    await until(() => processInfo(other)?.callbacks === 1);
    exit(other, 'kill');
    await startIsolate(t, 3);
    t.match((await here.got(watcher)).slice(4), [
      { kind: 'isolate_up', isolate: 2 },
      { kind: 'isolate_up', isolate: 2 },
      { kind: 'isolate_down', isolate: 2 },
    ]);
  },
);

void t.test('an isolate that was restarted takes the place of the old one', async t => {
  captureLog(t);
  let gates: GatedPort | undefined;
  const first = await startIsolate(t, 1, { through: raw => (gates = new GatedPort(raw)) });
  const watcher = spawnPuppet({});
  const old = await first.spawn();
  send(watcher, { order: 'monitor', dest: old });
  await until(async () => (await first.info(old))?.monitoredBy.length === 1);
  // The old one still has something to say when the new one comes.
  gates!.inward.hold();
  send(old, { order: 'send', dest: watcher, messages: ['from the old one'] });
  await until(() => gates!.inward.held === 1);
  const second = await startIsolate(t, 1, { creation: 1 });
  gates!.inward.release();
  t.same((await second.got(await second.spawn())).length, 0);
  t.match(await here.got(watcher), [{ kind: 'DOWN', pid: old, reason: 'noconnection' }]);
  t.equal((await here.got(watcher)).length, 1, 'and nothing from the old one');
});

void t.test('what was sent before the isolate was let go still leaves', async t => {
  const one = await startIsolate(t, 1);
  const two = await startIsolate(t, 2);
  await connectTwo(one, two);
  const [a, b] = [await one.spawn(), await two.spawn({ trapExit: true })];
  send(a, 'the last word');
  disconnectIsolate(1);
  t.same(connectedIsolates(), [2]);
  // Asked through the third.
  const id = call(two.dest, { kind: 'tellOf', isolate: 1, pid: a });
  t.same(await id, ['the last word']);
  t.same(await two.got(b), []);
});

void t.test('a batch that cannot be decoded ends the connection', async t => {
  const events = captureLog(t);
  const one = await startIsolate(t, 1);
  const pid = await one.spawn();
  const watcher = spawnPuppet({});
  send(watcher, { order: 'monitor', dest: pid });
  await until(async () => (await one.info(pid))?.monitoredBy.length === 1);
  const old = setIsolateCodec({
    encode: batch => old.encode(batch),
    decode: () => {
      throw new RangeError('damaged');
    },
  });
  t.teardown(() => {
    setIsolateCodec(old);
  });
  send(pid, { order: 'end', reason: 'bye' });
  await until(() => connectedIsolates().length === 0);
  await until(async () => (await here.got(watcher)).length === 1);
  t.match(await here.got(watcher), [{ kind: 'DOWN', reason: 'noconnection' }]);
  t.match(events, [{ level: 'error', report: { text: /isolate 1 cannot be decoded/ } }]);
});
