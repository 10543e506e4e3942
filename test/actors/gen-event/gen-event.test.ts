/** The rules of gen_event, from `gen_event.erl` and its suite. */
import t from 'tap';
import {
  call as callServer,
  cast,
  exit,
  genEvent,
  isAlive,
  processInfo,
  registry,
  send,
  sys,
  via,
  whereis,
} from '../../../actors/index.ts';
import type { GenEvent, Pid, Request } from '../../../actors/index.ts';
import { processOf } from '../../../actors/process-table.ts';
import type { SystemCallbacks } from '../../../actors/sys/system-loop.ts';
import { settle } from '../../../actors/testing.ts';
import { supervisor } from '../../../supervisors/index.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { hand } from '../hand.ts';

type Call =
  | Request<'greet', object, string>
  | Request<'state', object, unknown>
  | Request<'act', { result: unknown }, unknown>
  | Request<'throw'>;

/** What happened to handlers, in order. */
let heard: unknown[] = [];

/** A handler that hears everything and does what an event tells it: `{ do: result }`. */
function handler(name: string): GenEvent<unknown, unknown, unknown, Call, unknown> {
  const obey = (event: unknown, state: unknown): never => {
    heard.push([name, event]);
    if (typeof event === 'object' && event !== null) {
      if ('do' in event) return event.do as never;
      if ('throw' in event) throw new Error('thrown');
      if ('exit' in event) exit(event.exit);
      if ('later' in event) return Promise.resolve(['ok', event.later]) as never;
    }
    return ['ok', state] as never;
  };
  return {
    name,
    init(arg) {
      heard.push([name, 'init', arg]);
      if (arg === 'throw') throw new Error('thrown');
      if (arg === 'exit') exit('chosen');
      if (arg === 'error') return ['error', 'my_error'];
      if (arg === 'hibernate') return ['ok', arg, 'hibernate'];
      if (arg === 'later') return Promise.resolve(['ok', arg]);
      return ['ok', arg];
    },
    handleEvent: obey,
    handleInfo: obey,
    handleCall(request, state) {
      if (request.kind === 'throw') throw new Error('thrown');
      if (request.kind === 'act') return request.result as never;
      return ['ok', request.kind === 'greet' ? `hello from ${name}` : state, state];
    },
    terminate(arg, state) {
      heard.push([name, 'terminate', arg, state]);
      if (arg === 'throw') throw new Error('thrown in terminate');
      return ['ended', arg];
    },
  };
}

const one = handler('one');
const two = handler('two');

async function started(options: genEvent.EventManagerOptions = {}): Promise<Pid> {
  heard = [];
  const result = await genEvent.start(options);
  if (result[0] !== 'ok') throw new Error('did not start');
  return result[1];
}

/** What is shown of a thrown error: `{'EXIT', {Reason, Stack}}`. */
const EXIT = ['EXIT', { reason: { message: 'thrown' } }];

void t.test('start, startLink, startMonitor, stop', async t => {
  captureLog(t);
  const pid = await started({ name: 'manager' });
  t.equal(whereis('manager'), pid);
  t.same(await genEvent.start({ name: 'manager' }), ['error', ['already_started', pid]]);
  t.ok(processInfo(pid)?.trapExit, 'it traps exits');
  await genEvent.stop('manager');
  t.notOk(isAlive(pid));
  t.equal(await exitOf(genEvent.stop('manager')), 'noproc');

  const starter = hand({ trapExit: true });
  const linked = await starter.run(() => genEvent.startLink());
  t.same(processInfo(linked[1] as Pid)?.links, [starter.pid]);
  const monitored = await starter.run(() => genEvent.startMonitor());
  if (monitored[0] !== 'ok') throw new Error('did not start');
  const [watched, ref] = monitored[1];
  exit(watched, 'kill');
  await settle();
  t.same(starter.got, [{ kind: 'DOWN', ref, pid: watched, reason: 'killed' }]);
  t.same(
    await starter
      .run(() => genEvent.startMonitor({ name: 'x' }))
      .then(async () => starter.run(() => genEvent.startMonitor({ name: 'x' }))),
    ['error', ['already_started', whereis('x')]],
  );
  await t.rejects(genEvent.startMonitor(), /needs a calling process/);
});

void t.test('under a via name, and as a supervisor’s child', async t => {
  captureLog(t);
  await registry.startLink({ keys: 'unique', name: 'managers' });
  const name = via('managers', 'mine');
  const root = hand({ trapExit: true });
  await root.run(() =>
    supervisor.startLink(() => [{}, [{ id: 'events', start: () => genEvent.startLink({ name }) }]]),
  );
  const first = whereis(name);
  t.equal(await genEvent.addHandler(name, one, 1), 'ok');
  t.equal(genEvent.notify(name, 'event'), 'ok');
  exit(first as Pid, 'kill');
  await settle();
  t.not(whereis(name), first);
  t.same(await genEvent.whichHandlers(name), [], 'a new manager begins without handlers');
});

void t.test('addHandler: the newest first; what init says instead of ok is returned', async t => {
  captureLog(t);
  const pid = await started();
  t.equal(await genEvent.addHandler(pid, one, 1), 'ok');
  t.equal(await genEvent.addHandler(pid, [one, 'id'], 2), 'ok');
  t.equal(await genEvent.addHandler(pid, two, 'later'), 'ok', 'an init may take its time');
  t.equal(await genEvent.addHandler(pid, [two, { a: 1 }], 'hibernate'), 'ok');
  const all = [[two, { a: 1 }], two, [one, 'id'], one];
  t.same(await genEvent.whichHandlers(pid), all);
  t.same(await genEvent.getModules(pid), [two, one]);
  t.same(await genEvent.addHandler(pid, one, 'error'), ['error', 'my_error']);
  t.match(await genEvent.addHandler(pid, one, 'throw'), EXIT);
  t.same(await genEvent.addHandler(pid, one, 'exit'), ['EXIT', 'chosen']);
  t.same(await genEvent.whichHandlers(pid), all);
  t.same(await genEvent.addHandler(pid, { name: 'bare' } as never, 1), [
    'EXIT',
    ['undef', ['bare', 'init', 1]],
  ]);
  await t.rejects(genEvent.addHandler(pid, 'one' as never, 1), /expected a callback module/);
});

void t.test('notify and syncNotify: every handler, the newest first', async t => {
  captureLog(t);
  const pid = await started({ name: 'notified' });
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, two, 2);
  heard = [];
  t.equal(genEvent.notify('notified', 'event'), 'ok');
  t.same(heard, [], 'it is told later');
  t.equal(await genEvent.syncNotify('notified', { later: 'new' }), 'ok');
  const both = [
    ['two', 'event'],
    ['one', 'event'],
    ['two', { later: 'new' }],
    ['one', { later: 'new' }],
  ];
  t.same(heard, both);
  t.same(await sys.getState(pid), [
    [two, false, 'new'],
    [one, false, 'new'],
  ]);
  t.throws(() => genEvent.notify('nobody', 1), /no process is registered as "nobody"/);
  await genEvent.stop(pid);
  t.equal(genEvent.notify(pid, 1), 'ok', 'to a dead pid nothing happens');
  t.equal(await exitOf(genEvent.syncNotify('nobody', 1)), 'noproc', 'the bare reason');
});

void t.test('what a handler returns: ok, hibernate, remove_handler, nonsense, a crash', async t => {
  const events = captureLog(t);
  const pid = await started();
  const install = async (): Promise<void> => {
    await genEvent.addHandler(pid, two, 'other');
    await genEvent.addHandler(pid, one, 'state');
    heard = [];
  };
  const left = () => genEvent.whichHandlers(pid);
  await install();
  await genEvent.syncNotify(pid, { do: ['ok', 'x', 'hibernate'] });
  t.same(await sys.getState(pid), [
    [one, false, 'x'],
    [two, false, 'x'],
  ]);
  send(pid, { do: 'remove_handler' });
  t.same(await left(), []);
  t.same(heard.slice(-4), [
    ['one', { do: 'remove_handler' }],
    ['one', 'terminate', 'remove_handler', 'x'],
    ['two', { do: 'remove_handler' }],
    ['two', 'terminate', 'remove_handler', 'x'],
  ]);
  const crashes = () => events.filter(({ level }) => level === 'error');
  t.same(crashes(), []);
  await install();
  await genEvent.syncNotify(pid, { do: ['whatever'] });
  t.same(heard[1], ['one', 'terminate', ['error', ['whatever']], 'state']);
  t.same(await left(), []);
  await install();
  await genEvent.syncNotify(pid, { throw: 1 });
  t.match(heard[1], ['one', 'terminate', ['error', EXIT], 'state']);
  t.same(await left(), []);
  await install();
  await genEvent.syncNotify(pid, { exit: 'reason' });
  t.same(heard[1], ['one', 'terminate', ['error', ['EXIT', 'reason']], 'state']);
  t.ok(isAlive(pid), 'the manager lives');
  t.equal(crashes().length, 6);
  t.match(crashes()[0], {
    pid,
    report: { handler: 'one', manager: pid, lastMessage: 'object', reason: ['whatever'] },
  });
});

void t.test('one handler’s crash is nothing to the others', async t => {
  captureLog(t);
  const pid = await started();
  const moody: GenEvent<number, number, string> = {
    init: state => ['ok', state],
    handleEvent(event, state) {
      if (event === 'crash') throw new Error('moody');
      return ['ok', state];
    },
  };
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, moody, 2);
  await genEvent.addHandler(pid, two, 3);
  heard = [];
  await genEvent.syncNotify(pid, 'crash');
  t.same(heard, [
    ['two', 'crash'],
    ['one', 'crash'],
  ]);
  t.same(await genEvent.whichHandlers(pid), [two, one]);
});

void t.test('call: one handler, its reply; bad_module; a crash is an error', async t => {
  captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, [one, 'id'], 2);
  const greeting: string | readonly ['error', unknown] = await genEvent.call(pid, one, {
    kind: 'greet',
  });
  t.equal(greeting, 'hello from one');
  t.equal(await genEvent.call(pid, [one, 'id'], { kind: 'state' }), 2);
  t.equal(await genEvent.call(pid, 'one', { kind: 'state' }), 1, 'by the module’s name');
  t.equal(await genEvent.call(pid, ['one', 'id'], { kind: 'state' }), 2);
  t.same(await genEvent.call(pid, two, { kind: 'greet' }), ['error', 'bad_module']);
  t.same(await genEvent.call(pid, [one, 'other'], { kind: 'greet' }), ['error', 'bad_module']);
  const act = (result: unknown) => genEvent.call(pid, one, { kind: 'act', result });
  t.equal(await act(['ok', 'reply', 'next', 'hibernate']), 'reply');
  t.equal(await act(['ok', 'reply', 'new']), 'reply');
  t.equal(await genEvent.call(pid, one, { kind: 'state' }), 'new');
  t.equal(await act(['swap_handler', 'swapped', 'a1', 's1', [two, 9], 'a2']), 'swapped');
  t.same(heard.slice(-2), [
    ['one', 'terminate', 'a1', 's1'],
    ['two', 'init', ['a2', ['ended', 'a1']]],
  ]);
  t.same(
    await genEvent.whichHandlers(pid),
    [
      [one, 'id'],
      [two, 9],
    ],
    'in the place of the old one',
  );
  const second = (request: unknown) => genEvent.call(pid, [one, 'id'], request);
  t.equal(await second({ kind: 'act', result: ['remove_handler', 'bye'] }), 'bye');
  t.same(heard.at(-1), ['one', 'terminate', 'remove_handler', 2]);
  await genEvent.addHandler(pid, one, 1);
  t.same(await act(['faulty']), ['error', ['faulty']]);
  await genEvent.addHandler(pid, one, 1);
  t.match(await genEvent.call(pid, one, { kind: 'throw' }), ['error', EXIT]);
  t.same(await genEvent.whichHandlers(pid), [[two, 9]]);
  t.same(await exitOf(genEvent.call('nobody', one, { kind: 'greet' })), [
    'noproc',
    ['call', 'nobody', 'call', 5_000],
  ]);
});

void t.test('what a callback throws and is no error counts as returned', async t => {
  const pid = await started();
  const throws = (value: unknown): never => {
    throw value;
  };
  const thrower = {
    name: 'thrower',
    init: throws,
    handleEvent: throws,
    handleCall: (request: unknown) => Promise.resolve().then(() => throws(request)),
    terminate: throws,
  } as never;
  t.equal(await genEvent.addHandler(pid, thrower, 'ball'), 'ball');
  t.equal(await genEvent.addHandler(pid, thrower, ['ok', 1] as never), 'ok');
  await genEvent.syncNotify(pid, ['ok', 2]);
  t.same(await sys.getState(pid), [[thrower, false, 2]]);
  t.equal(await genEvent.call(pid, thrower, ['ok', 'reply', 3]), 'reply');
  t.same(await sys.getState(pid), [[thrower, false, 3]]);
  t.equal(await genEvent.deleteHandler(pid, thrower, 'last'), 'last');
  await genEvent.addHandler(pid, thrower, ['ok', 1] as never);
  await genEvent.syncNotify(pid, 'remove_handler');
  t.same(await genEvent.whichHandlers(pid), []);
  const events = captureLog(t);
  await genEvent.addHandler(pid, thrower, ['ok', 1] as never);
  t.same(await genEvent.call(pid, thrower, 'nonsense'), ['error', 'nonsense']);
  t.match(events, [{ report: { reason: 'nonsense' } }]);
});

void t.test('call: no answer within the time', async t => {
  captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  await sys.suspend(pid);
  t.same(await exitOf(genEvent.call(pid, one, { kind: 'greet' }, 0)), [
    'timeout',
    ['call', pid, 'call', 0],
  ]);
  t.equal(
    await exitOf(genEvent.call(pid, one, { kind: 'greet' }, 0)).then(
      reason => (reason as unknown[])[0],
    ),
    'timeout',
  );
});

void t.test('sendRequest, receiveResponse, checkResponse', async t => {
  captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  const caller = hand();
  const greet = { kind: 'greet' };
  const ask = () =>
    caller.run(() => genEvent.receiveResponse(genEvent.sendRequest(pid, one, greet)));
  t.same(await ask(), ['reply', 'hello from one']);
  const bad = await caller.run(() => genEvent.sendRequest(pid, two, greet));
  await settle();
  t.same(genEvent.checkResponse(caller.got[0], bad), ['error', 'bad_module']);
  t.equal(genEvent.checkResponse('else', bad), 'no_reply');
  await genEvent.stop(pid);
  t.same(await ask(), ['error', ['noproc', pid]]);
});

void t.test('collections of requests', async t => {
  captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  const caller = hand();
  await caller.run(async () => {
    let open = genEvent.reqidsNew<string>();
    open = genEvent.sendRequest(pid, one, { kind: 'greet' }, 'first', open);
    open = genEvent.sendRequest(pid, two, { kind: 'greet' }, 'second', open);
    const first = await genEvent.receiveResponse(open, 1_000, true);
    if (!Array.isArray(first)) throw new Error('expected a response');
    const [response, label, left] = first as unknown as genEvent.CollectedHandlerResponse<string>;
    t.same([response, label], [['reply', 'hello from one'], 'first']);
    t.equal(genEvent.reqidsSize(left), 1);
    t.match(await genEvent.waitResponse(left, 1_000, true), [
      ['error', 'bad_module'],
      'second',
      {},
    ]);
  });
  await sys.suspend(pid);
  await caller.run(async () => {
    const id = genEvent.sendRequest(pid, one, { kind: 'greet' });
    t.equal(await genEvent.waitResponse(id, 0), 'timeout');
    await sys.resume(pid);
    t.same(await genEvent.waitResponse(id), ['reply', 'hello from one'], 'it was not given up');
  });
});

void t.test('deleteHandler: what terminate returned', async t => {
  captureLog(t);
  const pid = await started();
  const silent: GenEvent = { init: state => ['ok', state], handleEvent: (_, s) => ['ok', s] };
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, [one, 'id'], 2);
  await genEvent.addHandler(pid, silent, 3);
  t.same(await genEvent.deleteHandler(pid, two, 'arg'), ['error', 'module_not_found']);
  t.same(await genEvent.deleteHandler(pid, one, 'arg'), ['ended', 'arg']);
  t.match(await genEvent.deleteHandler(pid, [one, 'id'], 'throw'), ['EXIT', {}]);
  t.equal(await genEvent.deleteHandler(pid, silent, 'arg'), 'ok', 'without a terminate');
  t.same(await genEvent.whichHandlers(pid), []);
});

void t.test('swapHandler hands over what terminate returned', async t => {
  captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  t.equal(await genEvent.swapHandler(pid, [one, 'a1'], [[two, 'id'], 'a2']), 'ok');
  t.same(heard.slice(-2), [
    ['one', 'terminate', 'a1', 1],
    ['two', 'init', ['a2', ['ended', 'a1']]],
  ]);
  t.same(await genEvent.whichHandlers(pid), [[two, 'id']]);
  t.equal(await genEvent.swapHandler(pid, [one, 'a1'], [one, 'a2']), 'ok', 'there was none');
  t.same(heard.at(-1), ['one', 'init', ['a2', 'error']]);
  const failing: GenEvent = { init: () => ['error', 'no'], handleEvent: (_, s) => ['ok', s] };
  t.same(await genEvent.swapHandler(pid, [one, 'a'], [failing, 'b']), ['error', ['error', 'no']]);
  t.same(await genEvent.whichHandlers(pid), [[two, 'id']], 'the old one is gone all the same');
  await t.rejects(
    genEvent.swapHandler(pid, [one, 1], ['two' as never, 1]),
    /expected a callback module/,
  );
});

void t.test('swap_handler as the result of an event', async t => {
  const events = captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, [two, 'first'], 2);
  heard = [];
  await genEvent.syncNotify(pid, { do: ['swap_handler', 'a1', 'last', [two, 'next'], 'a2'] });
  t.same(heard, [
    ['two', { do: ['swap_handler', 'a1', 'last', [two, 'next'], 'a2'] }],
    ['two', 'terminate', 'a1', 'last'],
    ['two', 'init', ['a2', ['ended', 'a1']]],
    ['one', { do: ['swap_handler', 'a1', 'last', [two, 'next'], 'a2'] }],
    ['one', 'terminate', 'a1', 'last'],
    ['two', 'init', ['a2', ['ended', 'a1']]],
  ]);
  t.same(await genEvent.whichHandlers(pid), [
    [two, 'next'],
    [two, 'next'],
  ]);
  await genEvent.syncNotify(pid, { do: ['swap_handler', 1, 2, 'no module', 3] });
  t.same(await genEvent.whichHandlers(pid), [], 'the next one did not come up');
  t.match(events.at(-1), { level: 'error', report: { reason: ['EXIT', ['undef', []]] } });
});

void t.test('supervised handlers: their owner is told why they went', async t => {
  captureLog(t);
  const pid = await started();
  const owner = hand({ trapExit: true });
  const add = (handler: typeof one) => owner.run(() => genEvent.addSupHandler(pid, handler, 1));
  const told = async (): Promise<unknown> => {
    await settle();
    return owner.got.pop();
  };
  const gone = (reason: unknown, handler: unknown = one) => ({
    kind: 'gen_event_EXIT',
    handler,
    reason,
  });
  t.equal(await add(one), 'ok');
  t.same(processInfo(pid)?.links, [owner.pid]);
  await genEvent.deleteHandler(pid, one, 'arg');
  t.same(await told(), gone('normal'));
  await add(one);
  await genEvent.syncNotify(pid, { do: 'remove_handler' });
  t.same(await told(), gone('normal'));
  await add(one);
  await genEvent.syncNotify(pid, { throw: 1 });
  t.match(await told(), gone(EXIT));
  await add(one);
  t.same(await genEvent.call(pid, one, { kind: 'act', result: ['return', 'faulty'] }), [
    'error',
    ['return', 'faulty'],
  ]);
  t.same(await told(), gone(['return', 'faulty']));

  await add(one);
  t.equal(await genEvent.swapHandler(pid, [one, 'a'], [two, 'b']), 'ok');
  t.same(await told(), gone(['swapped', two, owner.pid]));
  await genEvent.deleteHandler(pid, two, 'arg');
  t.same(await told(), gone('normal', two), 'the next one is supervised by the same process');

  await add(one);
  const other = hand();
  await other.run(() => genEvent.swapSupHandler(pid, [one, 'a'], [[two, 'id'], 'b']));
  t.same(await told(), gone(['swapped', [two, 'id'], other.pid]));
  await genEvent.deleteHandler(pid, [two, 'id'], 'arg');
  await settle();
  t.same(other.got.pop(), gone('normal', [two, 'id']));

  await add(one);
  await genEvent.syncNotify(pid, { do: ['swap_handler', 1, 2, two, 3] });
  t.same(await told(), gone(['swapped', two, owner.pid]));
  await genEvent.syncNotify(pid, { do: ['swap_handler', 1, 2, 'no module', 3] });
  t.same(await told(), gone('crash', 'no module'), 'as OTP says it when the next one fails');

  t.same(await owner.run(() => genEvent.addSupHandler(pid, one, 'error')), ['error', 'my_error']);
  t.same(await genEvent.whichHandlers(pid), []);
  await add(one);
  owner.got.length = 0;
  await genEvent.stop(pid);
  t.same(await told(), gone('shutdown'));
  t.same(owner.got, [], 'no EXIT: the manager unlinks those who supervise its handlers');
  await t.rejects(genEvent.addSupHandler(pid, one, 1), /needs a calling process/);
});

void t.test('an owner that dies takes its handlers with it; the others hear of it', async t => {
  captureLog(t);
  const pid = await started();
  const owner = hand();
  await genEvent.addHandler(pid, two, 2);
  await owner.run(() => genEvent.addSupHandler(pid, one, 1));
  heard = [];
  exit(owner.pid, 'its reason');
  t.same(await genEvent.whichHandlers(pid), [two]);
  t.same(heard, [
    ['one', 'terminate', ['stop', 'its reason'], 1],
    ['two', { kind: 'EXIT', pid: owner.pid, reason: 'its reason' }],
  ]);
});

void t.test('the end of a manager: stop, its parent’s exit, a kill', async t => {
  const events = captureLog(t);
  const pid = await started();
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, two, 2);
  heard = [];
  await genEvent.stop(pid, 'shutdown', 1_000);
  const stopped = [
    ['two', 'terminate', 'stop', 2],
    ['one', 'terminate', 'stop', 1],
  ];
  t.same(heard, stopped);
  const parent = hand();
  const child = (await parent.run(() => genEvent.startLink()))[1] as Pid;
  await genEvent.addHandler(child, one, 1);
  heard = [];
  exit(parent.pid, 'parents reason');
  await settle();
  t.notOk(isAlive(child));
  t.same(heard, [['one', 'terminate', 'stop', 1]]);
  t.match(events.at(-1)?.report, {
    kind: 'crash',
    error: 'parents reason',
    behaviour: { behaviour: 'gen_event' },
  });
  const killed = await started();
  await genEvent.addHandler(killed, one, 1);
  heard = [];
  exit(killed, 'kill');
  await settle();
  t.same(heard, [], 'no terminate on a kill');
});

void t.test('other messages are handleInfo’s; without it a warning', async t => {
  const events = captureLog(t);
  const pid = await started();
  const deaf: GenEvent = { name: 'deaf', init: s => ['ok', s], handleEvent: (_, s) => ['ok', s] };
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, deaf, 2);
  heard = [];
  send(pid, ['info', 'secret']);
  cast(pid, 'a cast');
  t.match(await exitOf(callServer(pid, { kind: 'unknown' }, 1)), ['timeout', []]);
  await settle();
  t.same(heard.slice(0, 2), [
    ['one', ['info', 'secret']],
    ['one', ['$gen_cast', 'a cast']],
  ]);
  t.match(heard[2], ['one', ['$gen_call', {}, { kind: 'unknown' }]]);
  t.same(await genEvent.whichHandlers(pid), [deaf, one]);
  const warning = events.find(({ level }) => level === 'warning');
  t.match(warning?.report, { kind: 'message', module: 'deaf', message: 'info' });
  t.notMatch(JSON.stringify(warning), /secret/, 'contents stay out of logs');
});

void t.test('sys: state, replaceState, suspend, status', async t => {
  captureLog(t);
  const pid = await started({ name: 'with sys' });
  const shown: GenEvent<string, string> = {
    init: state => ['ok', state],
    handleEvent: (_event, state) => ['ok', state],
    formatStatus: status => ({ ...status, state: 'formatted' }),
  };
  await genEvent.addHandler(pid, shown, 'secret');
  await genEvent.addHandler(pid, [one, 'id'], 1);
  const triples = (a: unknown, b: unknown) => [
    [one, 'id', a],
    [shown, false, b],
  ];
  t.same(await sys.getState(pid), triples(1, 'secret'));
  const replace = (state: unknown): unknown => {
    const [module, id, old] = state as [object, unknown, unknown];
    if (module === shown) throw new Error('not this one');
    return [module, id, [old]];
  };
  t.same(await sys.replaceState(pid, replace), triples([1], 'secret'), 'each by itself');
  t.same(
    await sys.replaceState(pid, () => ['other', 'id', 3]),
    triples([1], 'secret'),
    'no other handler',
  );
  const zero = (state: unknown): unknown => [...(state as unknown[]).slice(0, 2), 0];
  await sys.suspend(pid);
  genEvent.notify(pid, 'event');
  heard = [];
  t.same(await sys.replaceState(pid, zero), triples(0, 0));
  await settle();
  t.same(heard, [], 'events wait');
  await sys.resume(pid);
  await genEvent.syncNotify(pid, 'more');
  t.same(heard.length, 2);
  const status = await sys.getStatus(pid);
  t.match(status, {
    name: 'with sys',
    handlers: [
      { handler: [one, 'id'], supervised: false, state: 0 },
      { handler: shown, supervised: false, state: 'formatted' },
    ],
  });
});

void t.test('sys: changeCode reaches each handler of the module, or none', async t => {
  captureLog(t);
  const pid = await started();
  const before: GenEvent<number, number, string> = {
    name: 'changing',
    init: state => ['ok', state],
    handleEvent: (_event, state) => ['ok', state + 1],
  };
  const after: GenEvent<number, { n: number }, string> = {
    name: 'changing',
    init: n => ['ok', { n }],
    handleEvent: (_event, { n }) => ['ok', { n: n + 10 }],
    codeChange: (version, state, extra) =>
      state === 13
        ? (['error', 'unlucky'] as never)
        : ['ok', { n: (state as number) + (extra as number) + (version as number) }],
  };
  await genEvent.addHandler(pid, before, 1);
  await genEvent.addHandler(pid, one, 'untouched');
  await genEvent.addHandler(pid, [before, 'b'], 2);
  t.match(await exitOf(sys.changeCode(pid, after, 100, 1000)), ['not_suspended', []]);
  await sys.suspend(pid);
  await sys.changeCode(pid, after, 100, 1_000);
  await sys.resume(pid);
  await genEvent.syncNotify(pid, 'up');
  t.same(await sys.getState(pid), [
    [after, 'b', { n: 1_112 }],
    [one, false, 'untouched'],
    [after, false, { n: 1_111 }],
  ]);
  t.equal(
    await genEvent.deleteHandler(pid, before, 0),
    'ok',
    'known by its name, whatever its version',
  );
  await genEvent.addHandler(pid, before, 13);
  await genEvent.addHandler(pid, [before, 'c'], 3);
  await sys.suspend(pid);
  t.match(await exitOf(sys.changeCode(pid, { ...after }, 0, 0)), [['callback_failed', {}], []]);
  await sys.resume(pid);
  t.match(await sys.getState(pid), [
    [before, 'c', 3],
    [before, false, 13],
    [after, 'b', { n: 1_112 }],
    [one, false, 'untouched'],
  ]);
});

void t.test('sys: of two versions of a module only the one that is replaced changes', async t => {
  captureLog(t);
  const pid = await started();
  const version = (n: number): GenEvent<string> => ({
    init: state => ['ok', state],
    handleEvent: (_event, state) => ['ok', state],
    codeChange: (old, state) => ['ok', [n, old, state]],
  });
  const [first, second, third] = [version(1), version(2), version(3)];
  await genEvent.addHandler(pid, first, 'a');
  await genEvent.addHandler(pid, second, 'b');
  const manager = processOf(pid)?.behaviour as unknown as SystemCallbacks;
  t.same(manager.modules?.(), [second, first]);
  const undo = manager.checkpoint();
  manager.changeCode(third, 'v1', 0, first);
  t.same(manager.getState(), [
    [second, false, 'b'],
    [third, false, [3, 'v1', 'a']],
  ]);
  manager.changeCode(first, ['down', 'v1'], 0, second);
  t.same((manager.getState() as unknown[])[0], [first, false, [2, ['down', 'v1'], 'b']]);
  undo();
  t.same(manager.getState(), [
    [second, false, 'b'],
    [first, false, 'a'],
  ]);
});

void t.test('sys: the debug functions see what comes in', async t => {
  captureLog(t);
  const lines: string[] = [];
  const old = sys.setTracePrinter(line => lines.push(line));
  t.teardown(() => sys.setTracePrinter(old));
  const pid = await started({ name: 'debugged', debug: ['log', 'trace'] });
  await genEvent.addHandler(pid, one, 1);
  genEvent.notify(pid, 'event');
  await genEvent.call(pid, one, { kind: 'greet' });
  send(pid, 'info');
  await settle();
  t.match(await sys.log(pid, 'get'), [
    'ok',
    [
      ['in', [undefined, {}, ['add_handler', one, 1]]],
      ['in', ['notify', 'event']],
      ['in', [undefined, {}, ['call', one, { kind: 'greet' }]]],
      ['in', 'info'],
    ],
  ]);
  t.match(lines[1], /\*DBG\* debugged got event 'event'/);
  t.match(lines[2], /\*DBG\* debugged\('one'\) got call \{ kind: 'greet' \}/);
  t.match(lines[3], /\*DBG\* debugged got 'info'/);
});

void t.test('a crash shows state and message only where formatStatus does', async t => {
  const events = captureLog(t);
  const pid = await started({ name: 'reporting' });
  const open: GenEvent<string, string> = {
    name: 'open',
    init: state => ['ok', state],
    handleEvent: () => {
      throw new Error('crash');
    },
    formatStatus: ({ reason }) => ({ state: 'shown state', message: 'shown message', reason }),
  };
  await genEvent.addHandler(pid, open, 'secret');
  await genEvent.addHandler(pid, one, 'secret');
  await genEvent.syncNotify(pid, { kind: 'rumour', throw: 'secret' });
  const [first, second] = events.filter(({ level }) => level === 'error');
  t.match(first?.report, { handler: 'one', manager: 'reporting', lastMessage: 'rumour' });
  t.notMatch(JSON.stringify(first), /secret/);
  t.match(second?.report, {
    handler: 'open',
    state: 'shown state',
    message: 'shown message',
    reason: ['EXIT', { reason: { message: 'crash' } }],
  });
});

void t.test('a manager that is killed while a handler waits does no more', async t => {
  captureLog(t);
  const pid = await started();
  let let_go = (): void => undefined;
  const slow: GenEvent = {
    init: state => ['ok', state],
    handleEvent: async (_event, state) => {
      await new Promise<void>(resolve => (let_go = resolve));
      return ['ok', state];
    },
  };
  await genEvent.addHandler(pid, one, 1);
  await genEvent.addHandler(pid, slow, 2);
  heard = [];
  genEvent.notify(pid, 'event');
  await settle();
  exit(pid, 'kill');
  let_go();
  await settle();
  t.same(heard, [], 'the next handler is not called');
});
