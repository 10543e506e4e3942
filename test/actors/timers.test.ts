import t from 'tap';
import {
  cancelTimer,
  cast,
  exit,
  readTimer,
  register,
  send,
  sendAfter,
  setClock,
  spawn,
  start,
  sys,
} from '../../actors/index.ts';
import type { GenServer, Pid } from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';

function virtual(t: { teardown: (undo: () => void) => void }) {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  return clock;
}

function listener() {
  const got: unknown[] = [];
  const pid = spawn(message => {
    got.push(message);
  });
  return { pid, got };
}

void t.test('sendAfter, readTimer, cancelTimer', async t => {
  const clock = virtual(t);
  const { pid, got } = listener();
  const first = sendAfter(100, pid, 'first');
  const second = sendAfter(200, pid, 'second');
  await clock.advance(99);
  t.same(got, []);
  t.equal(readTimer(first), 1);
  await clock.advance(1);
  t.same(got, ['first']);
  t.equal(readTimer(first), false);
  t.equal(cancelTimer(second), 100);
  t.equal(cancelTimer(second), false);
  await clock.advance(1_000);
  t.same(got, ['first']);
  t.throws(() => sendAfter(-1, pid, 0), /0 or more/);
  t.throws(() => sendAfter(1, ['message'] as never, 0), /pid or a registered name/);
});

void t.test(
  'a timer to a pid goes with it, and one to a name is looked up when it fires',
  async t => {
    const clock = virtual(t);
    const { pid } = listener();
    sendAfter(100, pid, 'x');
    t.equal(clock.pending, 1);
    exit(pid, 'shutdown');
    t.equal(clock.pending, 0);
    t.equal(readTimer(sendAfter(100, pid, 'x')), false);
    sendAfter(100, 'timer.target', 'hello');
    sendAfter(300, 'nobody.at.all', 'hello');
    const late = listener();
    register('timer.target', late.pid);
    await clock.advance(300);
    t.same(late.got, ['hello']);
  },
);

void t.test('delays longer than 31 bits are walked in steps', async t => {
  const { systemClock } = await import('../../actors/clock.ts');
  let fired = false;
  const timer = systemClock.after(2 ** 33, () => (fired = true));
  await settle();
  t.notOk(fired, 'a plain setTimeout would have fired at once');
  timer.cancel();
});

/** Notes what it is told, and answers each time with the same timeout. */
function timed(timeoutMs: number, got: unknown[]): GenServer<null, null, never, unknown> {
  return {
    init: () => ['ok', null, timeoutMs],
    handleCast(message) {
      got.push(message);
      return ['noreply', null, timeoutMs];
    },
    handleInfo(message) {
      got.push(message);
      return ['noreply', null];
    },
  };
}

async function startTimed(timeoutMs: number) {
  const got: unknown[] = [];
  const [, pid] = await start(timed(timeoutMs, got), null);
  return { pid: pid as Pid, got };
}

void t.test('any message cancels the timeout, a system message restarts it in full', async t => {
  const clock = virtual(t);
  const { pid, got } = await startTimed(100);
  await clock.advance(60);
  const asked = sys.getState(pid);
  await clock.advance(60);
  await asked;
  t.same(got, [], 'restarted at 60');
  await clock.advance(40);
  t.same(got, [{ kind: 'timeout' }]);
  await clock.advance(1_000);
  t.equal(got.length, 1, 'handleInfo asked for none');
  send(pid, 'info');
  await clock.advance(1_000);
  t.equal(got.length, 2);
});

void t.test('a message before the timeout puts it off, or off for good', async t => {
  const clock = virtual(t);
  const { pid, got } = await startTimed(100);
  await clock.advance(60);
  cast(pid, 'cast');
  await clock.advance(99);
  t.same(got, ['cast']);
  await clock.advance(1);
  t.same(got, ['cast', { kind: 'timeout' }]);
  cast(pid, 'cast');
  await clock.advance(60);
  send(pid, 'info');
  await clock.advance(1_000);
  t.same(got.slice(2), ['cast', 'info']);
});

void t.test('a timeout of 0 still takes a queued message first', async t => {
  const got: unknown[] = [];
  const order: GenServer<null, null, never, never, string> = {
    init: () => ['ok', null],
    handleInfo(message) {
      got.push(message);
      return message === 'first' ? ['noreply', null, 0] : ['noreply', null];
    },
  };
  const [, pid] = await start(order, null);
  send(pid as Pid, 'first');
  send(pid as Pid, 'second');
  await settle();
  t.same(got, ['first', 'second'], 'the queued one cancelled it');
  send(pid as Pid, 'first');
  await settle();
  t.same(got.slice(2), ['first', { kind: 'timeout' }]);
});

void t.test('the timeout of a server goes with it, also when it is killed', async t => {
  const clock = virtual(t);
  const idle: GenServer<undefined, number> = {
    init: () => ['ok', 0, 30_000],
  };
  for (const reason of ['kill', 'shutdown']) {
    const started = await start(idle, undefined);
    t.equal(clock.pending, 1);
    exit(started[1] as Pid, reason);
    await settle();
    t.equal(clock.pending, 0, `no timer is left after ${reason}`);
  }
});
