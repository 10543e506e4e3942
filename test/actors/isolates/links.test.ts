import t from 'tap';
import { exit, isAlive, processInfo, send } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { captureLog } from '../capture-log.ts';
import { until } from '../until.ts';
import { GatedPort } from './gated-port.ts';
import { startIsolate } from './isolates.ts';
import { puppetsAt, spawnPuppet, startPuppets } from './puppets.ts';

await startPuppets();
const here = puppetsAt(0);

/** An isolate behind gates, one of our puppets and one of its, linked. */
async function linkedPair(t: Parameters<typeof startIsolate>[0], trapping = true) {
  let gates: GatedPort | undefined;
  const one = await startIsolate(t, 1, { through: raw => (gates = new GatedPort(raw)) });
  const ours = spawnPuppet({ trapExit: trapping });
  const theirs = await one.spawn({ trapExit: trapping });
  send(ours, { order: 'link', pid: theirs });
  await until(async () => (await one.info(theirs))?.links.includes(ours) === true);
  return { one, ours, theirs, gates: gates! };
}

void t.test('a link is one, both ways, and an end comes over it as an exit signal', async t => {
  captureLog(t);
  const { one, ours, theirs } = await linkedPair(t);
  send(theirs, { order: 'link', pid: ours });
  t.same((await one.info(theirs))?.links, [ours]);
  t.same(processInfo(ours)?.links, [theirs]);
  send(theirs, { order: 'throw', message: 'boom' });
  await until(async () => (await here.got(ours)).length > 0);
  t.match(await here.got(ours), [
    {
      kind: 'EXIT',
      pid: theirs,
      reason: { reason: { name: 'RangeError', message: 'boom' }, stack: /RangeError/ },
    },
  ]);
  t.same(processInfo(ours)?.links, []);
  const again = await one.spawn();
  const second = spawnPuppet({});
  send(again, { order: 'link', pid: second });
  await until(() => processInfo(second)?.links.length === 1);
  send(again, { order: 'end', reason: 'down' });
  await until(() => !isAlive(second));
});

void t.test(
  'a killed process takes its linked peers as killed; kill over a link is trapped',
  async t => {
    captureLog(t);
    const { one, ours, theirs } = await linkedPair(t);
    exit(theirs, 'kill');
    const other = await one.spawn();
    send(ours, { order: 'link', pid: other });
    await until(() => processInfo(ours)?.links.includes(other) === true);
    send(other, { order: 'end', reason: 'kill' });
    await until(async () => (await here.got(ours)).length === 2);
    t.same(await here.got(ours), [
      { kind: 'EXIT', pid: theirs, reason: 'killed' },
      { kind: 'EXIT', pid: other, reason: 'kill' },
    ]);
  },
);

void t.test('exit signals: normal from another is dropped, or trapped', async t => {
  captureLog(t);
  const { one, theirs } = await linkedPair(t);
  const plain = await one.spawn();
  exit(plain, 'normal');
  exit(theirs, 'normal');
  exit(theirs, ['odd', () => 'code', Symbol('x')]);
  t.equal(await one.alive(plain), true);
  t.match(await one.got(theirs), [
    { kind: 'EXIT', reason: 'normal' },
    { kind: 'EXIT', reason: ['odd', '[a function]', '[Symbol(x)]'] },
  ]);
  exit(plain, 'enough');
  t.equal(await one.alive(plain), false);
});

void t.test('after unlink no exit comes over the link, however late it was sent', async t => {
  captureLog(t);
  const { one, ours, theirs, gates } = await linkedPair(t);
  gates.inward.hold();
  send(theirs, { order: 'end', reason: 'boom' });
  await until(() => gates.inward.held > 0);
  send(ours, { order: 'unlink', pid: theirs });
  await until(() => processInfo(ours)?.links.length === 0);
  gates.inward.release();
  t.equal(await one.alive(theirs), false);
  t.same(await here.got(ours), []);
});

void t.test(
  'unlink and link again: the exit of the old link is dropped, the new one says noproc',
  async t => {
    captureLog(t);
    const { one, ours, theirs, gates } = await linkedPair(t);
    gates.inward.hold();
    send(theirs, { order: 'end', reason: 'boom' });
    await until(() => gates.inward.held > 0);
    const orders = [
      { order: 'unlink', pid: theirs },
      { order: 'link', pid: theirs },
    ] as const;
    const before = gates.outward.batches;
    send(ours, { order: 'all', orders });
    await until(() => gates.outward.batches > before);
    gates.inward.release();
    await until(async () => (await here.got(ours)).length > 0);
    t.equal(await one.alive(theirs), false);
    t.same(await here.got(ours), [{ kind: 'EXIT', pid: theirs, reason: 'noproc' }]);
  },
);

void t.test('a link that crosses with an unlink leaves both sides of one mind', async t => {
  captureLog(t);
  const { one, ours, theirs, gates } = await linkedPair(t);
  const agree = async (): Promise<boolean> => {
    const there = (await one.info(theirs))?.links.includes(ours);
    return there === processInfo(ours)?.links.includes(theirs);
  };
  const relink = (pid: Pid) =>
    ({
      order: 'all',
      orders: [
        { order: 'unlink', pid },
        { order: 'link', pid },
      ],
    }) as const;
  const unlink = (pid: Pid) => ({ order: 'unlink', pid }) as const;
  // Each does its part before it hears of the other's.
  for (const [first, second] of [
    [relink(theirs), unlink(ours)],
    [unlink(theirs), relink(ours)],
    [relink(theirs), relink(ours)],
    [unlink(theirs), unlink(ours)],
    [{ order: 'link', pid: theirs }, unlink(ours)],
  ] as const) {
    send(ours, { order: 'link', pid: theirs });
    await until(async () => (await one.info(theirs))?.links.includes(ours) === true);
    gates.inward.hold();
    send(theirs, second);
    await until(() => gates.inward.held > 0);
    const handled = processInfo(ours)?.callbacks ?? 0;
    send(ours, first);
    await until(() => (processInfo(ours)?.callbacks ?? 0) > handled);
    gates.inward.release();
    t.ok(await agree(), JSON.stringify([first, second]));
  }
  // Whatever came before: a link that is made in peace holds.
  send(ours, relink(theirs));
  await until(async () => (await one.info(theirs))?.links.includes(ours) === true);
  send(theirs, { order: 'end', reason: 'at last' });
  await until(async () => (await here.got(ours)).length > 0);
  t.same(await here.got(ours), [{ kind: 'EXIT', pid: theirs, reason: 'at last' }]);
});

void t.test('a process that dies with an unlink on its way leaves nothing behind', async t => {
  captureLog(t);
  const { one, ours, theirs, gates } = await linkedPair(t);
  gates.outward.hold();
  send(ours, { order: 'unlink', pid: theirs });
  await until(() => processInfo(ours)?.links.length === 0);
  exit(ours, 'kill');
  gates.outward.release();
  t.same((await one.info(theirs))?.links, []);
  t.same(await one.got(theirs), []);
});

void t.test('a demonitor holds DOWN back, also one that is on its way', async t => {
  captureLog(t);
  const { one, gates } = await linkedPair(t);
  const watcher = spawnPuppet({});
  const target = await one.spawn();
  send(watcher, { order: 'monitor', dest: target });
  await until(async () => (await one.info(target))?.monitoredBy.length === 1);
  gates.inward.hold();
  send(target, { order: 'end', reason: 'boom' });
  await until(() => gates.inward.held > 0);
  send(watcher, { order: 'demonitor', dest: target });
  await until(() => processInfo(watcher)?.monitors.length === 0);
  gates.inward.release();
  const other = await one.spawn();
  send(watcher, { order: 'monitor', dest: other });
  send(watcher, { order: 'demonitor', dest: other });
  t.same((await one.info(other))?.monitoredBy, []);
  send(other, { order: 'end', reason: 'boom' });
  t.equal(await one.alive(other), false);
  t.same(await here.got(watcher), []);
});

void t.test('the last words of a process come before its end', async t => {
  captureLog(t);
  const { one, ours, gates } = await linkedPair(t);
  const [talking, words] = [await one.spawn(), Array.from({ length: 100 }, (_, word) => word)];
  send(ours, { order: 'monitor', dest: talking });
  send(ours, { order: 'link', pid: talking });
  await until(async () => (await one.info(talking))?.links.includes(ours) === true);
  gates.inward.hold();
  send(talking, { order: 'send', dest: ours, messages: words.slice(0, 50) });
  await until(() => gates.inward.held > 0);
  send(talking, {
    order: 'all',
    orders: [
      { order: 'send', dest: ours, messages: words.slice(50) },
      { order: 'end', reason: 'said' },
    ],
  });
  await until(() => gates.inward.held > 1);
  gates.inward.release();
  await until(async () => (await here.got(ours)).length === 102);
  const got = await here.got(ours);
  t.same(got.slice(0, 100), words);
  t.match(got.slice(100), [
    { kind: 'DOWN', reason: 'said' },
    { kind: 'EXIT', reason: 'said' },
  ]);
});
