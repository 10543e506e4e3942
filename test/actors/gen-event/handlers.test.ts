/** Handlers of gen_event, from `gen_event.erl` and its suite: how they come, what they return, how they go. */
import t from 'tap';
import { exit, genEvent, isAlive, processInfo, send, sys } from '../../../actors/index.ts';
import type { GenEvent } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { hand } from '../hand.ts';
import { EXIT, heard, one, started, two } from './scribes.ts';

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
  heard.length = 0;
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
    heard.length = 0;
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
  heard.length = 0;
  await genEvent.syncNotify(pid, 'crash');
  t.same(heard, [
    ['two', 'crash'],
    ['one', 'crash'],
  ]);
  t.same(await genEvent.whichHandlers(pid), [two, one]);
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
  heard.length = 0;
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
  heard.length = 0;
  exit(owner.pid, 'its reason');
  t.same(await genEvent.whichHandlers(pid), [two]);
  t.same(heard, [
    ['one', 'terminate', ['stop', 'its reason'], 1],
    ['two', { kind: 'EXIT', pid: owner.pid, reason: 'its reason' }],
  ]);
});
