import t from 'tap';
import { call, Exit, reasonOf, start } from '../../actors/index.ts';
import type { GenServer, Pid, Request } from '../../actors/index.ts';
import { describeReason } from '../../actors/exit.ts';
import { captureLog } from './capture-log.ts';
import { exitOf } from './exit-of.ts';
import { hand } from './hand.ts';
import { monitor } from '../../actors/links.ts';
import { until } from './until.ts';

/** What fails as soon as somebody wants to read it. */
const fails = (): never => {
  throw new Error('not to be read');
};
const error = (field: 'message' | 'stack'): Error =>
  Object.defineProperty(new Error('poison'), field, { get: fails });
const unreadable: readonly unknown[] = [
  error('message'),
  new Proxy({}, { has: fails }),
  Object.assign(() => undefined, { toString: fails }),
  ['shutdown', 1, [error('message')]],
];

const ending: GenServer<unknown, unknown, Request<'end'>> = {
  init: reason => ['ok', reason],
  handleCall: (_request, _from, reason) => ['stop', reason, reason],
};

void t.test('a reason that cannot be read is told to all who wait for it', async t => {
  captureLog(t);
  const limit = Error.stackTraceLimit;
  for (const reason of unreadable) {
    t.equal(describeReason(reason), '{unreadable}');
    const [, server] = (await start(ending, reason)) as readonly ['ok', Pid];
    const watcher = hand();
    await watcher.run(() => monitor(server));
    const [why] = (await exitOf(call(server, { kind: 'end' }))) as [unknown];
    t.ok(why === reason, 'who has called');
    await until(() => watcher.got.length > 0);
    t.ok((watcher.got[0] as { reason: unknown }).reason === reason, 'who watches');
    t.ok(new Exit(reason).reason === reason);
  }
  t.equal(Error.stackTraceLimit, limit, 'errors have their stacks as before');
});

void t.test('an error whose stack cannot be read is an exit all the same', t => {
  const thrown = error('stack');
  t.ok((reasonOf(thrown) as { reason: unknown }).reason === thrown);
  t.match(reasonOf(thrown), { stack: '' });
  t.end();
});
