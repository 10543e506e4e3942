/** Timeouts with a message of their own: `{timeout, T, M}` and `{hibernate, T, M}` of gen_server in OTP 28. */
import t from 'tap';
import {
  call,
  cast,
  enterLoop,
  monotonicTime,
  procLib,
  self,
  send,
  setClock,
  start,
  sys,
} from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';

/** Does after each message what it says comes next; its state is what came as info. */
const obedient = {
  name: 'obedient',
  init: (after: unknown) => ['ok', [], after],
  handleCall: (after: unknown, _from: unknown, state: unknown) =>
    after === 'ping' ? ['reply', 'pong', state] : ['reply', 'ok', state, after],
  handleCast: (after: unknown, state: unknown) => ['noreply', state, after],
  handleContinue: (after: unknown, state: unknown) => ['noreply', state, after],
  handleInfo(message: unknown, state: readonly unknown[]) {
    const after = (message as { readonly after?: unknown }).after;
    return after === undefined ? ['noreply', [...state, message]] : ['noreply', state, after];
  },
} as never;

const heard = (pid: Pid): Promise<unknown> => sys.getState(pid);

async function begun(after: unknown): Promise<Pid> {
  const [, pid] = (await start(obedient, after as never)) as readonly ['ok', Pid];
  return pid;
}

function virtualClock(t: { teardown: (undo: () => void) => void }) {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  return clock;
}

const ways: Readonly<Record<string, (after: unknown) => Promise<Pid>>> = {
  init: begun,
  async call(after) {
    const pid = await begun('infinity');
    await call(pid, after as never);
    return pid;
  },
  async cast(after) {
    const pid = await begun('infinity');
    cast(pid, after);
    return pid;
  },
  async info(after) {
    const pid = await begun('infinity');
    send(pid, { after });
    return pid;
  },
  continue: after => begun(['continue', after]),
  enterLoop: after =>
    procLib.start(() => {
      procLib.initAck(self());
      enterLoop(obedient, {}, [] as never, undefined, after as never);
    }),
};

for (const [way, run] of Object.entries(ways)) {
  void t.test(`the message comes when the time is over: from ${way}`, async t => {
    const clock = virtualClock(t);
    await clock.advance(50);
    const forms = [
      ['timeout', 500, 'over'],
      ['timeout', 500, 'over', {}],
      ['timeout', 500, 'over', { abs: false }],
      ['timeout', monotonicTime() + 500, 'over', { abs: true }],
      ['hibernate', 500, 'over'],
    ];
    const pids = await Promise.all(forms.map(run));
    await settle();
    await clock.advance(499);
    for (const pid of pids) t.same(await heard(pid), []);
    await clock.advance(1);
    for (const pid of pids) t.same(await heard(pid), ['over']);
  });

  void t.test(`any message cancels it, a system message does not: from ${way}`, async t => {
    const clock = virtualClock(t);
    const pid = await run(['timeout', 500, 'over']);
    await settle();
    await clock.advance(300);
    t.same(await heard(pid), []);
    await clock.advance(200);
    t.same(await heard(pid), ['over'], 'and does not begin it anew');
    const other = await run(['timeout', 500, 'over']);
    t.equal(await call(other, 'ping' as never), 'pong');
    await clock.advance(1_000);
    t.same(await heard(other), []);
  });

  void t.test(`0 comes ahead of what waits: from ${way}`, async t => {
    const clock = virtualClock(t);
    const pid = await run(['timeout', 0, 'over']);
    send(pid, 'waiting');
    await settle();
    t.same(await heard(pid), ['over', 'waiting']);
    await clock.advance(50);
    const past = await run(['hibernate', 10, 'over', { abs: true }]);
    await settle();
    t.same(await heard(past), ['over'], 'a point in the past is over');
    const never = await run(['timeout', 'infinity', 'over']);
    await clock.advance(1_000_000);
    t.same(await heard(never), []);
  });
}

void t.test(
  'it goes on while the server is suspended, and comes before what came later',
  async t => {
    const clock = virtualClock(t);
    const pid = await begun(['timeout', 500, 'over']);
    await sys.suspend(pid);
    await clock.advance(500);
    send(pid, 'later');
    t.same(await heard(pid), []);
    await sys.resume(pid);
    await settle();
    t.same(await heard(pid), ['over', 'later']);
    const other = await begun(['timeout', 500, 'over']);
    await sys.suspend(other);
    send(other, 'sooner');
    await clock.advance(500);
    await sys.resume(other);
    await settle();
    t.same(await heard(other), ['sooner']);
  },
);

void t.test('what is none is a bad return', async t => {
  captureLog(t);
  for (const bad of [
    ['timeout', 5],
    ['timeout', -1, 'over'],
    ['timeout', 'soon', 'over'],
    ['timeout', 5, 'over', null],
    ['timeout', 5, 'over', []],
    ['timeout', 5, 'over', { abs: 1 }],
    ['timeout', 5, 'over', { absolute: true }],
    ['timeout', 5, 'over', {}, 5],
    ['wait', 5, 'over'],
  ]) {
    const [why] = (await exitOf(call(await begun('infinity'), bad as never))) as unknown[];
    t.same(why, ['bad_return_value', ['reply', 'ok', [], bad]]);
  }
});
