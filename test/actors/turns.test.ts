import t from 'tap';
import { call, isAlive, send, spawn, start, turnTimes, watchTurns } from '../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
import { captureLog } from './capture-log.ts';
import { until } from './until.ts';

void t.test('turnTimes adds up the turns of all processes of a label', async t => {
  const busy = (): void => {
    const end = performance.now() + 1;
    while (performance.now() < end);
  };
  const pids = [1, 2].map(() => spawn(busy, { label: 'adds up' }));
  for (const pid of pids) {
    send(pid, 1);
    send(pid, 2);
  }
  await until(() => turnTimes().get('adds up')?.messages === 4);
  const { turns, micros } = turnTimes().get('adds up')!;
  // One each, unless the machine was so slow that the first message used up the turn.
  t.ok(turns >= 2 && turns <= 4, `${turns} turns`);
  t.ok(micros >= 4_000, `${micros} µs`);

  const slow: GenServer<null, null, Request<'slow'>> = {
    init: () => ['ok', null],
    async handleCall() {
      await Promise.resolve();
      return ['reply', undefined, null];
    },
  };
  const started = await start(slow, null, { label: 'goes on' });
  if (started[0] !== 'ok') throw new Error('did not start');
  await Promise.all([1, 2, 3].map(() => call(started[1], { kind: 'slow' })));
  await until(() => turnTimes().get('goes on')?.messages === 3);
  t.ok((turnTimes().get('goes on')?.turns ?? 0) >= 3, 'also those after a promise');
});

void t.test('labels without end share one account', async t => {
  for (let index = 0; index < 1_100; index += 1) {
    const pid = spawn(() => undefined, { label: `user ${index}` });
    send(pid, 1);
  }
  await until(() => (turnTimes().get('(other labels)')?.messages ?? 0) >= 100);
  t.ok(turnTimes().size <= 1_001, `${turnTimes().size} labels`);
});

void t.test(
  'watchTurns shows who holds the thread, also after an await and in a timer',
  async t => {
    captureLog(t);
    const slot = new Float64Array(new SharedArrayBuffer(8));
    const seen: [string, number][] = [];
    const look = (when: string): void => {
      seen.push([when, slot[0] ?? NaN]);
    };
    t.throws(() => watchTurns(new Float64Array(0)), TypeError);
    watchTurns(slot);
    let inner: Pid | undefined;
    const pid = spawn(async message => {
      look(`${String(message)} at once`);
      inner ??= spawn(() => look('another'));
      send(inner, 1);
      await Promise.resolve();
      look(`${String(message)} after a microtask`);
      await new Promise(resolve => setImmediate(resolve));
      look(`${String(message)} after a turn of the loop`);
      setTimeout(() => look('in a timer'), 1);
    });
    send(pid, 'first');
    await until(() => seen.length === 5);
    // Ours is no process.
    await settle();
    look('the test');
    t.same(
      seen.toSorted(([a], [b]) => (a < b ? -1 : 1)),
      [
        ['another', inner],
        ['first after a microtask', pid],
        ['first after a turn of the loop', pid],
        ['first at once', pid],
        ['in a timer', pid],
        ['the test', 0],
      ],
    );
    const next = new Float64Array(new SharedArrayBuffer(8));
    watchTurns(next);
    let held = 0;
    const again = spawn(() => {
      held = next[0] ?? NaN;
    });
    send(again, 1);
    await until(() => held !== 0);
    t.equal(held, again);
    t.equal(slot[0], 0);
    t.ok(isAlive(again));
  },
);

void t.test('many ask at once: each has its turn in order, also past a crash', async t => {
  const got: number[] = [];
  const count = 3_000;
  const pids = Array.from({ length: count }, (_, index) =>
    spawn(message => {
      got.push(index);
      if (message === 'crash') throw new Error('crashes in its turn');
    }),
  );
  const order = Array.from({ length: count }, (_, index) => index);
  for (let round = 0; round < 2; round += 1) {
    got.length = 0;
    for (const pid of pids) send(pid, 'go');
    await until(() => got.length === count);
    t.same(got, order, 'each once, in the order in which they asked');
  }
  captureLog(t);
  for (const pid of pids.slice(0, count / 2)) send(pid, 'crash');
  await until(() => pids.slice(0, count / 2).every(pid => !isAlive(pid)));
  got.length = 0;
  const rest = pids.slice(count / 2);
  for (const pid of rest) send(pid, 'go');
  await until(() => got.length === rest.length);
  t.same(got, order.slice(count / 2));
});
