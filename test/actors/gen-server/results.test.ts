/** What a callback may return or throw, and what follows: gen_server.erl, handle_common_reply/5. */
import t from 'tap';
import {
  call,
  cast,
  Exit,
  isAlive,
  send,
  setClock,
  start,
  stop,
  sys,
} from '../../../actors/index.ts';
import type { GenServer, Pid, ServerPid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';

interface Outcome {
  /** What the callback does. */
  readonly does: () => unknown;
}

/** A server that does what it is told, and tells how it ended. */
function obedient() {
  const ended: unknown[] = [];
  const module = {
    init: (state: unknown) => ['ok', state],
    handleCall: ({ does }: Outcome) => does(),
    handleCast: ({ does }: Outcome) => does(),
    handleInfo: (message: Outcome) => ('does' in message ? message.does() : ['noreply', message]),
    handleContinue: ({ does }: Outcome) => does(),
    terminate: (reason: unknown, state: unknown) => {
      ended.push([reason, state]);
    },
  };
  return { module: module as unknown as GenServer, ended };
}

async function begin(module: GenServer, arg: unknown = 'old'): Promise<Pid> {
  const result = await start(module, arg);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

const ask = (pid: Pid, does: () => unknown) => call(pid, { kind: 'do', does } as never);

void t.test('a bad return: the whole of it is named, and the old state terminates', async t => {
  captureLog(t);
  const bad = [
    'nonsense',
    undefined,
    ['reply', 'x'],
    ['reply', 'x', 'new', -1],
    ['reply', 'x', 'new', Number.NaN],
    ['reply', 'x', 'new', 'sleep'],
    ['reply', 'x', 'new', undefined],
    ['reply', 'x', 'new', ['continue']],
    ['reply', 'x', 'new', 1, 2],
    ['noreply', 'new', -1],
    ['noreply', 'new', null],
    ['noreply'],
    ['stop', 'why'],
    ['stop'],
    ['ok', 'new'],
  ];
  for (const result of bad) {
    const { module, ended } = obedient();
    const pid = await begin(module);
    const [why] = (await exitOf(ask(pid, () => result))) as readonly unknown[];
    t.same(why, ['bad_return_value', result], 'no reply went out');
    t.same(ended, [[['bad_return_value', result], 'old']]);
  }
  for (const result of [
    ['reply', 'x', 'new'],
    ['stop', 'why', 'reply', 'new'],
  ]) {
    const { module, ended } = obedient();
    const pid = await begin(module);
    cast(pid, { does: () => result });
    await settle();
    t.same(ended, [[['bad_return_value', result], 'old']], 'a cast cannot be answered');
  }
});

void t.test('what may come after a result', async t => {
  const { module } = obedient();
  const pid = await begin(module);
  for (const after of [0, 5, Infinity, 'hibernate']) {
    t.equal(await ask(pid, () => ['reply', after, 'new', after]), after);
  }
  for (const wrap of [
    (value: unknown) => ({ continue: value }),
    (value: unknown) => ['continue', value],
  ]) {
    let ran = 0;
    const onward = { does: () => ['noreply', (ran += 1)] };
    await ask(pid, () => ['reply', 'x', 'new', wrap(onward)]);
    t.equal(await sys.getState(pid), 1);
    t.equal(ran, 1);
  }
});

/* eslint-disable @typescript-eslint/prefer-promise-reject-errors -- Erlang's throw */
void t.test('what is thrown and is no error counts as returned', async t => {
  captureLog(t);
  const ways: ((result: unknown) => unknown)[] = [
    result => {
      throw result;
    },
    result => Promise.reject(result),
  ];
  for (const give of ways) {
    const { module, ended } = obedient();
    const pid = await begin(module);
    t.equal(await ask(pid, () => give(['reply', 'thrown', 1])), 'thrown');
    cast(pid, {
      does: () => give(['noreply', 2, ['continue', { does: () => give(['noreply', 3]) }]]),
    });
    await settle();
    t.equal(await sys.getState(pid), 3);
    send(pid, { does: () => give(['noreply', 4]) });
    await settle();
    t.equal(await sys.getState(pid), 4);
    t.match(await exitOf(ask(pid, () => give('foo'))), [['bad_return_value', 'foo']]);
    t.same(ended, [[['bad_return_value', 'foo'], 4]]);
    const init = (arg: unknown) => give(arg) as never;
    t.match(await start({ init }, ['ok', 1]), ['ok', Number]);
    t.same(await start({ init }, ['ignore']), ['ignore']);
    t.same(await start({ init }, 'ignore'), ['ignore'], 'the bare atom');
    t.same(await start({ init }, 'foo'), ['error', ['bad_return_value', 'foo']]);
    const last = {
      init: () => ['ok', 1],
      terminate: () => give('whatever'),
    } as unknown as GenServer;
    const ending = await begin(last);
    t.equal(await sys.terminate(ending, 'normal'), 'ok');
    await settle();
    t.notOk(isAlive(ending));
  }
});
/* eslint-enable */

void t.test('an error is a crash with its stack, an Exit a bare reason', async t => {
  captureLog(t);
  for (const [thrown, reason] of [
    [new TypeError('x'), { reason: TypeError, stack: /x/ }],
    [new Exit('bare'), 'bare'],
  ]) {
    const { module, ended } = obedient();
    const pid = await begin(module);
    const failing = ask(pid, () => {
      throw thrown as Error;
    });
    t.match(await exitOf(failing), [reason]);
    t.match(ended, [[reason, 'old']]);
  }
});

void t.test('init: error ends the start silently, stop with a report', async t => {
  const events = captureLog(t);
  const failing = (result: unknown) => start({ init: () => result as never }, undefined);
  t.same(await failing(['error', 'why']), ['error', 'why']);
  t.same(await failing(Promise.resolve(['error', 'later'])), ['error', 'later']);
  const crashes = () => events.filter(({ report }) => report.kind === 'crash');
  t.same(crashes(), []);
  t.same(await failing(['stop', 'why']), ['error', 'why']);
  t.match(crashes(), [{ report: { error: 'why' } }]);
  for (const bad of [['ok'], ['ok', 1, -1], ['ok', 1, 2, 3], ['error'], ['ignore', 1], 'ignored']) {
    t.same(await failing(bad), ['error', ['bad_return_value', bad]]);
  }
});

void t.test('a module without init, without terminate, and what is none', async t => {
  captureLog(t);
  t.same(await start({ name: 'empty' } as never, 1), ['error', ['undef', ['empty', 'init', 1]]]);
  t.throws(() => start(undefined as never, 1), TypeError);
  const plain: GenServer = { init: () => ['ok', 1] };
  const pid = await begin(plain);
  t.match(await exitOf(ask(pid, () => 1)), [['undef', [String, 'handleCall', 3]]]);
  const other = await begin(plain);
  cast(other, 'x');
  await settle();
  t.notOk(isAlive(other));
  const third = await begin(plain);
  await stop(third, 'shutdown');
});

void t.test('a suspension ends with the timeout in full, whenever it was due', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const timeouts: number[] = [];
  const module: GenServer<number, number, never, number> = {
    init: after => ['ok', after, after],
    handleCast: (after, state) => ['noreply', state, after],
    handleInfo(_message, state) {
      timeouts.push(clock.now());
      return ['noreply', state];
    },
  };
  const pid = (await start(module, 100))[1] as Pid;
  await clock.advance(60);
  const suspended = sys.suspend(pid);
  await clock.advance(0);
  await suspended;
  await clock.advance(200);
  t.same(timeouts, [], 'nothing but system messages while suspended');
  const resumed = sys.resume(pid);
  await clock.advance(0);
  await resumed;
  await clock.advance(99);
  t.same(timeouts, []);
  await clock.advance(1);
  t.same(timeouts, [360]);
});

void t.test('a timeout of 0 that had fired when a suspension came is no message', async t => {
  const got: unknown[] = [];
  let go: () => void = () => undefined;
  const module: GenServer<null, null, never, 'wait', unknown> = {
    init: () => ['ok', null],
    async handleCast(_message, state) {
      await new Promise<void>(resolve => (go = resolve));
      return ['noreply', state, 0];
    },
    handleInfo: (message, state) => (got.push(message), ['noreply', state]),
  };
  const pid = (await start(module, null))[1] as ServerPid<never, 'wait'>;
  for (const between of [true, false]) {
    cast(pid, 'wait');
    await settle();
    // It waits until the callback is through, and is ahead of the timeout then.
    const suspended = sys.suspend(pid);
    go();
    await suspended;
    if (between) send(pid, 'came while suspended');
    await sys.resume(pid);
    await settle();
    t.same(got.splice(0), between ? ['came while suspended'] : [{ kind: 'timeout' }]);
  }
});
