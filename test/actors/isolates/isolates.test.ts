import t from 'tap';
import { at, call, isolateOf, monitor, send, spawn, thisIsolate } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { startIsolate } from './isolates.ts';
import { puppetsName } from './puppets.ts';

void t.test(
  'a process of another isolate is called, sent to and watched like any other',
  async t => {
    const one = await startIsolate(t, 1);
    const pid = await one.spawn();
    t.equal(isolateOf(pid), 1);
    t.equal(thisIsolate(), 0);
    send(pid, 'hello');
    t.same(await one.got(pid), ['hello']);
    t.equal(await call(at(puppetsName, 1), { kind: 'alive', pid }), true);
    const seen: unknown[] = [];
    const watcher = spawn(message => {
      if (message === 'watch') monitor(pid);
      else seen.push(message);
    });
    send(watcher, 'watch');
    while ((await one.info(pid))?.monitoredBy.length !== 1) await settle();
    send(pid, { order: 'end', reason: 'bye' });
    while (seen.length === 0) await settle();
    t.match(seen, [{ kind: 'DOWN', pid, reason: 'bye' }]);
  },
);
