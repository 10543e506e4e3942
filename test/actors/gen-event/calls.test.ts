/** Calls and requests to one handler, from `gen_event.erl` and its suite. */
import t from 'tap';
import { genEvent, sys } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { hand } from '../hand.ts';
import { EXIT, heard, one, started, two } from './scribes.ts';

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
