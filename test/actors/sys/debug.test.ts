/** The rules of sys:log, statistics, trace, install, remove, no_debug and log_to_file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  call,
  cast,
  exit,
  isAlive,
  send,
  setClock,
  start,
  stop,
  sys,
} from '../../../actors/index.ts';
import type { GenServer, Pid, Request, ServerPid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';

type Call = Request<'echo', { value: unknown }, unknown> | Request<'stop', object, 'bye'>;
type Event = sys.SystemEvent;

const server: GenServer<number, number, Call, 'cast' | 'continue', 'info', string> = {
  init: state => ['ok', state],
  handleCall: (request, _from, state) =>
    request.kind === 'echo'
      ? ['reply', request.value, state + 1]
      : ['stop', 'normal', 'bye', state + 1],
  handleCast: (message, state) =>
    message === 'cast' ? ['noreply', state + 1] : ['noreply', state + 1, { continue: 'on' }],
  handleInfo: (_message, state) => ['noreply', state + 1],
  handleContinue: (_value, state) => ['noreply', state + 1],
};

async function started(name?: string): Promise<ServerPid<Call, 'cast' | 'continue'>> {
  const result = await start(server, 0, name === undefined ? {} : { name });
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

function captureLines(t: { teardown: (undo: () => void) => void }): string[] {
  const lines: string[] = [];
  const old = sys.setTracePrinter(line => {
    lines.push(line);
  });
  t.teardown(() => {
    sys.setTracePrinter(old);
  });
  return lines;
}

const echo = (value: unknown) => ({ kind: 'echo', value }) as const;

void t.test('log: the last ten events, or n, in Erlang’s shapes', async t => {
  const lines = captureLines(t);
  const pid = await started();
  t.same(await sys.log(pid, 'get'), ['ok', []], 'nothing is logged before it is asked for');
  t.equal(await sys.log(pid, true), 'ok');
  await call(pid, echo('a'));
  cast(pid, 'cast');
  send(pid, 'info');
  cast(pid, 'continue');
  await settle();
  const from = { pid: undefined };
  t.match(await sys.log(pid, 'get'), [
    'ok',
    [
      ['in', ['$gen_call', from, echo('a')]],
      ['out', 'a', from, 1],
      ['in', ['$gen_cast', 'cast']],
      ['noreply', 2],
      ['in', 'info'],
      ['noreply', 3],
      ['in', ['$gen_cast', 'continue']],
      ['noreply', 4],
      ['continue', 'on'],
      ['noreply', 5],
    ],
  ]);
  send(pid, 'one more');
  await settle();
  const last = async () => ((await sys.log(pid, 'get')) as readonly ['ok', Event[]])[1];
  t.match((await last())[0], ['in', ['$gen_cast', 'cast']], 'the oldest went');
  t.equal((await last()).length, 10);
  t.equal(await sys.log(pid, [true, 2]), 'ok', 'a log takes a new length and keeps the newest');
  t.same(await last(), [
    ['in', 'one more'],
    ['noreply', 6],
  ]);
  t.equal(await sys.log(pid, 'print'), 'ok');
  t.same(lines, [`*DBG* ${pid} got 'one more'`, `*DBG* ${pid} new state 6`]);
  for (const bad of [[true, 0], [true, 1.5], [false, 1], 'whatever']) {
    t.equal(await sys.log(pid, bad as never), 'unknown_debug');
  }
  t.equal(await sys.log(pid, false), 'ok');
  t.same(await last(), []);
});

void t.test('statistics: messages and callbacks since it was asked for', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => {
    setClock(old);
  });
  const pid = await started();
  await call(pid, echo('before'));
  await clock.advance(5);
  t.same(await sys.statistics(pid, 'get'), ['ok', 'no_statistics']);
  t.equal(await sys.statistics(pid, true), 'ok');
  await call(pid, echo(1));
  cast(pid, 'cast');
  await clock.advance(10);
  t.match(await sys.statistics(pid, 'get'), [
    'ok',
    { startTime: 5, currentTime: 15, messagesIn: 2, messagesOut: 1, reductions: 3 },
  ]);
  t.equal(await sys.statistics(pid, false), 'ok');
  t.same(await sys.statistics(pid, 'get'), ['ok', 'no_statistics']);
  t.equal(await sys.statistics(pid, 'perhaps' as never), 'unknown_debug');
});

void t.test('trace prints each event, under the name where there is one', async t => {
  const lines = captureLines(t);
  const pid = await started('traced');
  t.equal(await sys.trace(pid, true), 'ok');
  t.equal(await sys.trace(pid, true), 'ok');
  await call(pid, echo({ a: [1] }));
  cast(pid, 'cast');
  send(pid, 'info');
  cast(pid, 'continue');
  t.equal(await call(pid, { kind: 'stop' }), 'bye');
  t.same(lines, [
    "*DBG* traced got call { kind: 'echo', value: { a: [ 1 ] } } from outside",
    '*DBG* traced sent { a: [ 1 ] } to outside, new state 1',
    "*DBG* traced got cast 'cast'",
    '*DBG* traced new state 2',
    "*DBG* traced got 'info'",
    '*DBG* traced new state 3',
    "*DBG* traced got cast 'continue'",
    '*DBG* traced new state 4',
    "*DBG* traced dbg  [ 'continue', 'on' ]",
    '*DBG* traced new state 5',
    "*DBG* traced got call { kind: 'stop' } from outside",
    "*DBG* traced sent 'bye' to outside, new state 6",
  ]);
  const other = await started();
  await sys.trace(other, true);
  t.equal(await sys.trace(other, false), 'ok');
  t.equal(await sys.trace(other, 'yes' as never), 'unknown_debug');
  await call(other, echo(1));
  t.equal(lines.length, 12);
});

void t.test('install: once per id, with a state of its own, until done or removed', async t => {
  const pid = await started('spied');
  const seen: unknown[] = [];
  const spy = (count: number, event: Event, who: unknown) => {
    seen.push([count, event[0], who]);
    return count + 1;
  };
  t.equal(await sys.install(pid, [spy, 1]), 'ok');
  t.equal(await sys.install(pid, { fn: spy, state: 100 }), 'ok', 'twice is once');
  await call(pid, echo(1));
  t.same(seen.splice(0), [
    [1, 'in', 'spied'],
    [2, 'out', 'spied'],
  ]);
  await sys.install(pid, ['id', spy, 10]);
  await sys.install(pid, { id: 'id', fn: spy, state: 20 });
  send(pid, 'info');
  await settle();
  t.same(
    seen.splice(0).map(entry => (entry as unknown[])[0]),
    [10, 3, 11, 4],
    'the newest first; the same function under another id is another one',
  );
  t.equal(await sys.remove(pid, spy), 'ok');
  t.equal(await sys.remove(pid, 'nothing such'), 'ok');
  send(pid, 'info');
  await settle();
  t.equal(seen.splice(0).length, 2);
  t.equal(await sys.noDebug(pid), 'ok');
  send(pid, 'info');
  await settle();
  t.same(seen, []);
  t.equal(await sys.install(pid, { fn: 'none' } as never), 'unknown_debug');
});

void t.test('a debug function that is done, throws, or ends the process', async t => {
  captureLog(t);
  const pid = await started();
  let runs = 0;
  const until = (last: () => unknown) => () => {
    runs += 1;
    return runs % 2 === 0 ? last() : 'go on';
  };
  const fail = () => {
    throw new Error('in a debug function');
  };
  const say = () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- Erlang's throw(done)
    throw 'done';
  };
  for (const last of [() => 'done', fail, say]) {
    runs = 0;
    await sys.install(pid, { id: 'x', fn: until(last), state: 0 });
    for (let i = 0; i < 3; i += 1) await call(pid, echo(i));
    t.equal(runs, 2, 'it went with its second event');
  }
  let handled = 0;
  const counting = { ...server, handleInfo: () => ['noreply', (handled += 1)] as const };
  const victim = (await start(counting, 0))[1] as Pid;
  send(victim, 'handled');
  await settle();
  await sys.install(victim, [() => exit(victim, 'kill'), 0]);
  send(victim, 'never handled');
  await settle();
  t.notOk(isAlive(victim));
  t.equal(handled, 1);
});

void t.test('logToFile: each event a line, until the process ends', async t => {
  captureLog(t);
  const pid = await started('filed');
  const path = join(t.testdir({ 'events.log': 'old contents\n' }), 'events.log');
  t.equal(await sys.logToFile(pid, path), 'ok');
  await call(pid, echo('x'));
  t.equal(
    readFileSync(path, 'utf8'),
    "*DBG* filed got call { kind: 'echo', value: 'x' } from outside\n" +
      "*DBG* filed sent 'x' to outside, new state 1\n",
  );
  t.equal(await sys.logToFile(pid, false), 'ok');
  await call(pid, echo('y'));
  t.notMatch(readFileSync(path, 'utf8'), 'y');
  t.same(await sys.logToFile(pid, join(path, 'no', 'such')), ['error', 'open_file']);
  t.equal(await sys.logToFile(pid, 7 as never), 'unknown_debug');
  await sys.logToFile(pid, path);
  await stop(pid);
  t.equal(readFileSync(path, 'utf8'), '');
});

void t.test('debug options at the start see the first message', async t => {
  const lines = captureLines(t);
  const seen: Event[] = [];
  const spy = (_state: unknown, event: Event) => seen.push(event);
  const path = join(t.testdir({}), 'events.log');
  const debug = ['trace', ['log', 3], 'statistics', ['log_to_file', path], ['install', [spy, 0]]];
  const result = await start(server, 0, { debug: debug as sys.DebugOption[] });
  const pid = result[1] as ServerPid<Call, never>;
  await call(pid, echo(1));
  await call(pid, echo(2));
  t.equal(seen.length, 4);
  t.equal(lines.length, 4);
  t.equal(readFileSync(path, 'utf8'), `${lines.join('\n')}\n`);
  t.match(await sys.log(pid, 'get'), ['ok', [['out', 1], ['in'], ['out', 2]]]);
  t.match(await sys.statistics(pid, 'get'), ['ok', { messagesIn: 2, messagesOut: 2 }]);
  const logging = await start(server, 0, { debug: ['log'] });
  for (let i = 0; i < 20; i += 1) send(logging[1] as never, 'info');
  await settle();
  const [, events] = (await sys.log(logging[1] as never, 'get')) as readonly ['ok', Event[]];
  t.equal(events.length, 10);
});
