/** sys of a server in another isolate: what is plain works, what takes code is a TypeError. */
import t from 'tap';
import { call, sys } from '../../../actors/index.ts';
import { captureLog } from '../capture-log.ts';
import { startIsolate } from '../isolates/isolates.ts';

void t.test('log and statistics of a server elsewhere, and its end', async t => {
  captureLog(t);
  const one = await startIsolate(t, 1);
  t.equal(await sys.log(one.dest, [true, 2]), 'ok');
  t.equal(await sys.statistics(one.dest, true), 'ok');
  await call(one.dest, { kind: 'echo', value: 'x' });
  t.match(await sys.log(one.dest, 'get'), [
    'ok',
    [
      ['in', ['$gen_call', { pid: undefined }, { kind: 'echo', value: 'x' }]],
      ['out', 'x'],
    ],
  ]);
  t.match(await sys.statistics(one.dest, 'get'), ['ok', { messagesIn: 1, messagesOut: 1 }]);
  await t.rejects(
    sys.install(one.dest, [() => 'done', 0]),
    /sys.install\(\) takes code.*isolate 1: call it there/,
  );
  await t.rejects(
    sys.remove(one.dest, () => 'done'),
    TypeError,
  );
  t.equal(await sys.remove(one.dest, 'an id'), 'ok');
  t.equal(await sys.noDebug(one.dest), 'ok');
  t.same(await sys.statistics(one.dest, 'get'), ['ok', 'no_statistics']);
  t.equal(await sys.terminate(one.dest, 'shutdown'), 'ok');
});
