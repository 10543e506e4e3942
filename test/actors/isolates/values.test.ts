import t from 'tap';
import {
  call,
  cast,
  Exit,
  isAlive,
  offer,
  send,
  sendRequest,
  setIsolateCodec,
  sys,
  whereis,
} from '../../../actors/index.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { until } from '../until.ts';
import { startIsolate } from './isolates.ts';
import { puppetsAt, spawnPuppet, startPuppets } from './puppets.ts';

await startPuppets();
const here = puppetsAt(0);

class Point {
  x = 1;
}

void t.test('plain data and errors arrive as they were', async t => {
  const one = await startIsolate(t, 1);
  const echo = (value: unknown) => call(one.dest, { kind: 'echo', value });
  const circle: { self?: unknown; error: Error } = { error: new Error('in a circle') };
  circle.self = circle;
  for (const value of [
    null,
    undefined,
    true,
    -0,
    NaN,
    2 ** 60,
    123n,
    'é',
    [1, [2]],
    { a: { b: [] } },
    new Map<unknown, unknown>([[{ k: 1 }, [2]]]),
    new Set([1, { a: 1 }]),
    new Date(5),
    /x/g,
    new Uint8Array([1, 2, 3]),
    new Float64Array([1.5]),
    { $: 'error', like: 'ours', deeper: { $: 'from' } },
  ]) {
    t.same(await echo(value), value);
    // Beside an error the whole message takes the careful way.
    const beside = (await echo({ value, error: new Error('x') })) as { value: unknown };
    t.same(beside.value, value);
  }
  const back = (await echo(circle)) as typeof circle;
  t.equal(back.self, back);
  t.equal(back.error.message, 'in a circle');
  let deep: unknown = new RangeError('deep down');
  for (let level = 0; level < 200; level += 1) deep = [deep];
  t.match(JSON.stringify(await echo(deep)).length, 402);
});

void t.test('errors keep name, message, stack, cause and fields', async t => {
  const one = await startIsolate(t, 1);
  const sent = Object.assign(new RangeError('too far', { cause: new TypeError('why') }), {
    code: 'E_FAR',
  });
  class OwnError extends Error {
    override name = 'OwnError';
  }
  const own = new OwnError('ours');
  const back = (await call(one.dest, {
    kind: 'echo',
    value: [sent, own, sent, new Exit(['shutdown', 1])],
  })) as [RangeError & { code: string }, Error, Error, Exit];
  t.ok(back[0] instanceof RangeError);
  t.match(back[0], { name: 'RangeError', message: 'too far', stack: sent.stack, code: 'E_FAR' });
  t.ok(back[0].cause instanceof TypeError);
  t.equal(back[0], back[2]);
  t.match(back[1], { name: 'OwnError', message: 'ours', stack: own.stack });
  t.ok(back[3] instanceof Exit);
  t.same(back[3].reason, ['shutdown', 1]);
  t.equal(back[3].message, 'exit: [shutdown, 1]');
});

void t.test('what cannot cross is a TypeError that says where it is', async t => {
  const one = await startIsolate(t, 1);
  const pid = await one.spawn();
  const bad: [unknown, RegExp][] = [
    [() => 1, /the value is a function/],
    [{ a: [1, function named() {}] }, /the value\.a\[1\] is the function named/],
    [Symbol('s'), /the value is Symbol\(s\)/],
    [{ point: new Point() }, /the value\.point is an instance of Point/],
    [new Map([['k', Promise.resolve()]]), /an entry of the value is an instance of Promise/],
    [new Set([new WeakMap()]), /a member of the value is an instance of WeakMap/],
    [Object.assign(new Error('x'), { code: () => 1 }), /the value\.code is/],
  ];
  for (const [value, text] of bad) {
    t.throws(() => send(pid, value), { name: 'TypeError', message: text });
    t.throws(() => offer(pid, value), { name: 'TypeError', message: text });
    t.throws(() => cast(one.dest, value as never), { name: 'TypeError', message: text });
    t.throws(() => sendRequest(pid, { kind: 'x', value } as never), { name: 'TypeError' });
    await t.rejects(call(one.dest, { kind: 'echo', value }), { name: 'TypeError' });
  }
  t.same(await one.got(pid), []);
  t.same((await one.info(pid))?.monitoredBy, [], 'the refused requests left no watch');
});

void t.test('a process that sends it ends by it, and its other messages go', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const [pid, sender] = [await one.spawn(), spawnPuppet({})];
  send(sender, {
    order: 'all',
    orders: [
      { order: 'send', dest: pid, messages: ['before'] },
      { order: 'sendCode', dest: pid },
    ],
  });
  await until(() => !isAlive(sender));
  t.same(await one.got(pid), ['before']);
});

void t.test('a server whose reply cannot cross ends by it, and its caller is told', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  const why = await exitOf(call(one.dest, { kind: 'code' }));
  t.match(why, [{ reason: { name: 'TypeError', message: /reply\(\): the value is a function/ } }]);
});

void t.test('a state that cannot cross is described', async t => {
  const one = await startIsolate(t, 1);
  const pid = await call(one.dest, {
    kind: 'startServer',
    supervisor: spawnPuppet({}),
    trapExit: true,
  });
  t.same(await sys.getState(pid), { stubborn: false, code: '[the function code]' });
  t.match(await sys.getStatus(pid), { module: { init: '[the function init]' } });
});

void t.test('a codec that refuses one message does not lose the others', async t => {
  const events = captureLog(t);
  const one = await startIsolate(t, 1);
  const old = setIsolateCodec({
    encode(batch) {
      // It throws for bigints.
      JSON.stringify(batch);
      return old.encode(batch);
    },
    decode: bytes => old.decode(bytes),
  });
  t.teardown(() => {
    setIsolateCodec(old);
  });
  const [pid, trapping] = [await one.spawn(), await one.spawn({ trapExit: true })];
  const sender = spawnPuppet({});
  const dest = pid;
  send(sender, {
    order: 'all',
    orders: [
      { order: 'send', dest, messages: ['first'] },
      { order: 'send', dest, messages: [1n] },
      { order: 'send', dest, messages: ['last'] },
      { order: 'exit', pid: trapping, reason: ['odd', 1n] },
    ],
  });
  send(pid, 2n);
  const asked = exitOf(call(one.dest, { kind: 'echo', value: 3n }));
  await until(() => !isAlive(sender));
  t.same(await one.got(pid), ['first', 'last']);
  t.match(await asked, [{ reason: { name: 'TypeError', message: /cannot be encoded/ } }]);
  t.match(
    events.map(({ report }) => report),
    [
      { kind: 'message', text: /cannot be encoded/ },
      { kind: 'crash', error: { reason: { name: 'TypeError', message: /cannot be encoded/ } } },
    ],
  );
  t.match(await one.got(trapping), [{ kind: 'EXIT', reason: '[odd, 1]' }]);
  // A reply that is refused is not waited for, and ends the server as any such reply.
  const asker = await one.spawn();
  send(asker, { order: 'call', dest: here.dest, request: { kind: 'big' } });
  await until(async () => (await one.got(asker)).length === 1);
  t.match(await one.got(asker), [{ error: { reason: [/cannot be encoded/] } }]);
  await until(() => whereis('puppets') === undefined);
  await startPuppets();
});

void t.test('a codec whose bytes are a view of its own buffer keeps it', async t => {
  const one = await startIsolate(t, 1);
  const scratch = new Uint8Array(65_536);
  const old = setIsolateCodec({
    encode(batch) {
      const bytes = old.encode(batch);
      scratch.set(bytes);
      return scratch.subarray(0, bytes.length);
    },
    decode: bytes => old.decode(bytes),
  });
  t.teardown(() => {
    setIsolateCodec(old);
  });
  const pid = await one.spawn();
  for (let number = 0; number < 10; number += 1) send(pid, number);
  t.same(await one.got(pid), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.equal(scratch.length, 65_536, 'not given away');
});
