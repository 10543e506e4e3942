/** Erlang's atom `infinity` stands wherever somebody waits, and what is no time is refused. */
import t from 'tap';
import {
  call,
  exit,
  genEvent,
  genStatem,
  multiCall,
  procLib,
  receiveResponse,
  self,
  sendRequest,
  setClock,
  start,
  stop,
  sys,
  thisIsolate,
  waitResponse,
} from '../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';
import { task } from '../../supervisors/index.ts';
import { hand } from './hand.ts';
import { moduleOf } from './gen-statem/machine.ts';

type Call = Request<'ask', object, string>;

/** Answers when told to; its results name the timeout `infinity`. */
function lateServer(): { module: GenServer<string, number, Call>; answer: () => void } {
  let answer = (): void => undefined;
  const module: GenServer<string, number, Call> = {
    init: () => ['ok', 0, 'infinity'],
    handleCall: () =>
      new Promise(resolve => {
        answer = () => resolve(['reply', 'late', 0, 'infinity']);
      }),
  };
  return { module, answer: () => answer() };
}

async function startedLate(): Promise<{ pid: Pid; answer: () => void }> {
  const { module, answer } = lateServer();
  const [, pid] = (await start(module, 'arg', { name: 'late' })) as readonly ['ok', Pid];
  return { pid, answer };
}

void t.test('infinity waits as long as it takes', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const { pid, answer } = await startedLate();
  const waits: readonly (readonly [name: string, wait: () => Promise<unknown>])[] = [
    ['call', () => call(pid, { kind: 'ask' }, 'infinity')],
    ['genStatem.call', () => genStatem.call(pid, { kind: 'ask' }, 'infinity')],
    ['receiveResponse', () => receiveResponse(sendRequest(pid, { kind: 'ask' }), 'infinity')],
    ['waitResponse', () => waitResponse(sendRequest(pid, { kind: 'ask' }), 'infinity')],
    ['multiCall', () => multiCall([thisIsolate()], 'late', { kind: 'ask' }, 'infinity')],
    ['sys', () => Promise.all([call(pid, { kind: 'ask' }), sys.getState(pid, 'infinity')])],
  ];
  for (const [name, wait] of waits) {
    let got: unknown;
    void wait().then(value => (got = value));
    await clock.advance(name === 'sys' ? 4_000 : 1e9);
    t.equal(got, undefined, `${name} waits`);
    answer();
    await settle();
    t.match(JSON.stringify(got), /late/, name);
  }
  t.equal(clock.pending, 0, 'and no timer with it');
  await stop(pid, 'normal', 'infinity');
});

void t.test('a start, a manager and a task wait so, too', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  let begin = (): void => undefined;
  const init = (): Promise<unknown> =>
    new Promise(resolve => {
      begin = () => resolve(['ok', 'a', 0]);
    });
  let started: unknown;
  const module = moduleOf(() => 'keep_state_and_data', { init });
  void genStatem.start(module, 'arg', { timeoutMs: 'infinity' }).then(result => (started = result));
  await clock.advance(1e9);
  t.equal(started, undefined);
  begin();
  await settle();
  t.match(started, ['ok']);
  let acknowledge = (): void => undefined;
  let acknowledged: unknown;
  const slow = async (): Promise<void> => {
    await new Promise<void>(resolve => (acknowledge = resolve));
    procLib.initAck(['ok', self()]);
  };
  void procLib.start(slow, { timeoutMs: 'infinity' }).then(result => (acknowledged = result));
  await clock.advance(1e9);
  t.equal(acknowledged, undefined);
  acknowledge();
  await settle();
  t.match(acknowledged, ['ok']);
  const [, manager] = (await genEvent.start()) as readonly ['ok', Pid];
  t.same(await genEvent.call(manager, 'nobody', 'hello', 'infinity'), ['error', 'bad_module']);
  const asking = hand();
  let finish = (): void => undefined;
  let result: unknown;
  void asking.run(async () => {
    const asked = task.async(() => new Promise(resolve => (finish = () => resolve('done'))));
    result = await task.await(asked, 'infinity');
  });
  await clock.advance(1e9);
  t.equal(result, undefined);
  finish();
  await settle();
  t.equal(result, 'done');
});

void t.test('what is no time is refused before anything begins', async t => {
  const never = 'never' as never;
  const ran: string[] = [];
  const module = moduleOf(() => 'keep_state_and_data', {
    init: () => {
      ran.push('init');
      return ['ok', 'a', 0];
    },
  });
  for (const timeoutMs of [never, NaN, -1]) {
    t.throws(() => genStatem.start(module, 'arg', { timeoutMs }), RangeError);
    t.throws(() => procLib.start(() => ran.push('start'), { timeoutMs }), RangeError);
  }
  t.same(ran, []);
  const { pid } = await startedLate();
  await t.rejects(call(pid, { kind: 'ask' }, never), RangeError);
  await t.rejects(stop(pid, 'why', never), RangeError);
  t.throws(() => receiveResponse(sendRequest(pid, { kind: 'ask' }), never), RangeError);
  exit(pid, 'kill');
});
