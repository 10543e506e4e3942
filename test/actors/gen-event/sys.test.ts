/** What `sys` sees and changes of an event manager, and what a crash shows. */
import t from 'tap';
import { genEvent, send, sys } from '../../../actors/index.ts';
import type { GenEvent } from '../../../actors/index.ts';
import { processOf } from '../../../actors/process-table.ts';
import type { SystemCallbacks } from '../../../actors/sys/system-loop.ts';
import { settle } from '../../../actors/testing.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { heard, one, started } from './scribes.ts';

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
  heard.length = 0;
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
