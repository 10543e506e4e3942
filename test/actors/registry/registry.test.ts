/** The rules of Elixir's Registry. */
import t from 'tap';
import {
  exit,
  isAlive,
  link,
  monitor,
  processInfo,
  registry,
  send,
  spawn,
  stop,
  sys,
  whereis,
} from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { supervisor } from '../../../supervisors/index.ts';
import { captureLog } from '../capture-log.ts';
import { hand } from '../hand.ts';

let names = 0;

/** Started outside of any process: linked to nobody. */
async function started(
  keys: 'unique' | 'duplicate',
  options: Partial<registry.RegistryOptions> = {},
): Promise<{ name: string; owner: Pid }> {
  const name = `registry.${(names += 1)}`;
  const result = await registry.startLink({ keys, name, ...options });
  if (result[0] !== 'ok') throw new Error('did not start');
  return { name, owner: result[1] };
}

void t.test('start: a process with the name of the registry', async t => {
  const { name, owner } = await started('unique');
  t.equal(whereis(name), owner);
  t.same(await registry.startLink({ keys: 'unique', name }), ['error', ['already_started', owner]]);
  t.match(await sys.getStatus(owner), { state: { keys: 'unique', count: 0 } });
  await stop(owner);
  t.throws(() => registry.lookup(name, 'key'), /unknown registry: "registry.1"; start it/);
});

void t.test('start: options that are no registry’s are refused', t => {
  const start = (options: object) => () => registry.startLink(options as registry.RegistryOptions);
  t.throws(start({ keys: 'bag', name: 'r' }), /keys to be 'unique' or 'duplicate', got bag/);
  t.throws(start({ keys: 'unique', name: '' }), /name to be a text that is not empty/);
  t.throws(start({ keys: 'unique', name: 'r', listeners: 'l' }), /listeners to be a list of names/);
  t.end();
});

void t.test('unique: a key has one process, lookup finds it with its value', async t => {
  const { name, owner } = await started('unique');
  const one = hand();
  const other = hand();
  t.same(await one.run(() => registry.register(name, 'hello', 'world')), ['ok', owner]);
  t.same(registry.lookup(name, 'hello'), [[one.pid, 'world']]);
  const taken = ['error', ['already_registered', one.pid]];
  t.same(await other.run(() => registry.register(name, 'hello', 1)), taken);
  t.same(await one.run(() => registry.register(name, 'hello', 1)), taken);
  t.same(registry.keys(name, one.pid), ['hello']);
  t.same(registry.keys(name, other.pid), []);
  t.same(registry.values(name, 'hello', one.pid), ['world']);
  t.same(registry.values(name, 'hello', other.pid), []);
  t.same(registry.lookup(name, 'nothing'), []);
  t.equal(registry.count(name), 1);
  t.throws(() => registry.register(name, 'outside', 1), /needs a calling process/);
});

void t.test('duplicate: a key has any number of processes, each any number of times', async t => {
  const { name, owner } = await started('duplicate');
  const one = hand();
  const other = hand();
  await one.run(() => {
    t.same(registry.register(name, 'room', 1), ['ok', owner]);
    t.same(registry.register(name, 'room', 2), ['ok', owner]);
  });
  await other.run(() => registry.register(name, 'room', 3));
  const all = [
    [one.pid, 1],
    [one.pid, 2],
    [other.pid, 3],
  ];
  t.same(registry.lookup(name, 'room'), all);
  t.same(registry.keys(name, one.pid), ['room', 'room']);
  t.same(registry.values(name, 'room', one.pid), [1, 2]);
  t.equal(registry.count(name), 3);
  const calls: unknown[] = [];
  t.equal(
    registry.dispatch(name, 'room', entries => calls.push(entries)),
    'ok',
  );
  t.equal(
    registry.dispatch(name, 'empty', entries => calls.push(entries)),
    'ok',
  );
  t.same(calls, [all], 'nobody under the key: the function is not called');
  await one.run(() => registry.unregister(name, 'room'));
  t.same(registry.lookup(name, 'room'), [[other.pid, 3]]);
});

void t.test('keys are compared by their contents', async t => {
  const { name } = await started('unique');
  const one = hand();
  const keys: unknown[] = [
    'a',
    ['a'],
    [['a']],
    ['a', 1],
    ['a', '1'],
    { a: 1 },
    1,
    1n,
    '1',
    null,
    'null',
    [null],
  ];
  keys.push('\u0000["a"]', [undefined], [[]], []);
  await one.run(() => {
    for (const key of keys)
      t.equal(registry.register(name, key, key)[0], 'ok', JSON.stringify(String(key)));
  });
  t.equal(registry.count(name), keys.length);
  t.same(registry.lookup(name, ['a', 1]), [[one.pid, ['a', 1]]]);
  await one.run(() => registry.register(name, { x: 1, y: [2] }, 'object'));
  t.same(registry.lookup(name, { y: [2], x: 1 }), [[one.pid, 'object']], 'in whatever order');
  t.throws(() => registry.lookup(name, [new Date(0)]), /key must be plain data.*instance of Date/);
  t.throws(() => registry.lookup(name, () => 1), /key must be plain data/);
  t.throws(() => registry.lookup(name, [Symbol('s')]), /key must be plain data.*symbol/);
});

void t.test('a key is free before anybody hears of the death', async t => {
  captureLog(t);
  const { name } = await started('unique');
  const seen: unknown[] = [];
  const one = hand();
  await one.run(() => registry.register(name, 'name', 1));
  const observer = spawn(message => {
    if (message === 'watch') monitor(one.pid);
    else seen.push(registry.lookup(name, 'name'), registry.count(name));
  });
  send(observer, 'watch');
  await settle();
  exit(one.pid, 'kill');
  t.same(registry.lookup(name, 'name'), [], 'at once');
  await settle();
  t.same(seen, [[], 0]);
  t.same(registry.keys(name, one.pid), []);
});

void t.test('unregister: own entries only, and the link goes with the last one', async t => {
  const { name, owner } = await started('unique');
  const one = hand();
  const other = hand();
  await one.run(() => registry.register(name, 'a', 1));
  await one.run(() => registry.register(name, 'b', 2));
  t.same(processInfo(one.pid)?.links, [owner], 'linked to the owner');
  t.equal(await other.run(() => registry.unregister(name, 'a')), 'ok');
  t.same(registry.lookup(name, 'a'), [[one.pid, 1]]);
  await one.run(() => registry.unregister(name, 'a'));
  t.same(processInfo(one.pid)?.links, [owner]);
  await one.run(() => registry.unregister(name, 'b'));
  t.same(processInfo(one.pid)?.links, []);
  t.equal(registry.count(name), 0);
});

void t.test('unregister leaves a link that was there before', async t => {
  const { name, owner } = await started('unique');
  const one = hand();
  await one.run(() => link(owner));
  await one.run(() => registry.register(name, 'a', 1));
  await one.run(() => registry.unregister(name, 'a'));
  t.same(processInfo(one.pid)?.links, [owner]);
});

void t.test('unregisterMatch takes the entries away whose value matches', async t => {
  const { name } = await started('duplicate');
  const one = hand();
  await one.run(() => {
    registry.register(name, 'k', ['x', 1]);
    registry.register(name, 'k', ['x', 2]);
    registry.register(name, 'k', ['y', 3]);
    registry.unregisterMatch(name, 'k', ['x', '_']);
  });
  t.same(registry.values(name, 'k', one.pid), [['y', 3]]);
});

void t.test('match, countMatch, select, countSelect', async t => {
  const { name } = await started('duplicate');
  const one = hand();
  await one.run(() => {
    registry.register(name, 'k', [1, 'atom', 1]);
    registry.register(name, 'k', [2, 'atom', 1]);
    registry.register(name, 'other', { a: 1, b: 2 });
  });
  const { pid } = one;
  t.same(registry.match(name, 'k', [1, '_', '_']), [[pid, [1, 'atom', 1]]]);
  t.equal(registry.match(name, 'k', ['_', 'atom', '_']).length, 2);
  t.same(registry.match(name, 'k', ['$1', '_', '$1']), [[pid, [1, 'atom', 1]]]);
  t.equal(registry.countMatch(name, 'k', '_'), 2);
  t.equal(registry.countMatch(name, 'k', ['_', '_']), 0, 'another length');
  t.equal(registry.countMatch(name, 'other', { a: '_' }), 1, 'as maps match');
  t.equal(registry.countMatch(name, 'other', { c: '_' }), 0);
  const large = ([first]: readonly number[]): boolean => (first ?? 0) > 1;
  t.same(registry.match(name, 'k', large), [[pid, [2, 'atom', 1]]], 'a function for a guard');
  t.equal(registry.select(name).length, 3);
  t.same(registry.select(name, ['other', '_', '_']), [['other', pid, { a: 1, b: 2 }]]);
  t.equal(registry.countSelect(name, ['_', pid, ['$2', 'atom', '_']]), 2);
});

void t.test('updateValue: of the own key in a unique registry', async t => {
  const { name } = await started('unique');
  const one = hand();
  const other = hand();
  await one.run(() => registry.register(name, 'n', 1));
  const more = (value: unknown): number => (value as number) + 1;
  t.same(await one.run(() => registry.updateValue(name, 'n', more)), [2, 1]);
  t.same(registry.lookup(name, 'n'), [[one.pid, 2]]);
  t.equal(await other.run(() => registry.updateValue(name, 'n', more)), 'error');
  t.equal(await one.run(() => registry.updateValue(name, 'nothing', more)), 'error');
  const { name: duplicates } = await started('duplicate');
  await t.rejects(
    one.run(() => registry.updateValue(duplicates, 'n', more)),
    /not supported/,
  );
});

void t.test('meta', async t => {
  const { name } = await started('unique', { meta: { given: 1 } });
  t.same(registry.meta(name, 'given'), ['ok', 1]);
  t.equal(registry.meta(name, 'unknown'), 'error');
  t.equal(registry.putMeta(name, 'put', [2]), 'ok');
  t.same(registry.meta(name, 'put'), ['ok', [2]]);
  t.equal(registry.deleteMeta(name, 'put'), 'ok');
  t.equal(registry.meta(name, 'put'), 'error');
});

void t.test('listeners are told of what is registered and unregistered', async t => {
  const listener = hand({ name: 'listener' });
  const { name } = await started('unique', { listeners: ['listener', 'nobody'] });
  const one = hand();
  await one.run(() => registry.register(name, ['k'], 7));
  await one.run(() => registry.register(name, ['k'], 8));
  await one.run(() => registry.unregister(name, ['k']));
  await one.run(() => registry.unregister(name, ['k']));
  await settle();
  t.same(listener.got, [
    { kind: 'register', registry: name, key: ['k'], pid: one.pid, value: 7 },
    { kind: 'unregister', registry: name, key: ['k'], pid: one.pid },
  ]);
});

void t.test('a registry that dies takes those with it who have a key, and forgets', async t => {
  captureLog(t);
  const { name, owner } = await started('unique');
  const one = hand();
  const careful = hand({ trapExit: true });
  await one.run(() => registry.register(name, 'one', 1));
  await careful.run(() => registry.register(name, 'careful', 1));
  exit(owner, 'kill');
  t.notOk(isAlive(one.pid));
  await settle();
  t.same(careful.got, [{ kind: 'EXIT', pid: owner, reason: 'killed' }]);
  const again = await registry.startLink({ keys: 'unique', name });
  t.equal(again[0], 'ok');
  t.same(registry.lookup(name, 'careful'), []);
  await careful.run(() => registry.register(name, 'careful', 2));
  exit(careful.pid, 'kill');
  t.equal(registry.count(name), 0, 'the new table is not mixed up with the old one');
});

void t.test('a death of somebody with a key is nothing to the registry', async t => {
  captureLog(t);
  const { name, owner } = await started('duplicate');
  const one = hand();
  await one.run(() => registry.register(name, 'k', 1));
  exit(one.pid, 'a reason');
  await settle();
  t.ok(isAlive(owner));
});

void t.test('under a supervisor it is started anew', async t => {
  captureLog(t);
  const name = 'supervised registry';
  const tree = hand({ trapExit: true });
  await tree.run(async () => {
    const start = () => registry.startLink({ keys: 'unique', name });
    await supervisor.startLink(() => [{}, [{ id: 'registry', start }]]);
  });
  const first = whereis(name);
  exit(first as Pid, 'kill');
  await settle();
  t.ok(whereis(name) !== undefined && whereis(name) !== first);
  const one = hand();
  t.equal((await one.run(() => registry.register(name, 'k', 1)))[0], 'ok');
});

void t.test('ten thousand keys of one process go with it', async t => {
  captureLog(t);
  const { name } = await started('unique');
  const one = hand();
  await one.run(() => {
    for (let key = 0; key < 10_000; key += 1) registry.register(name, ['key', key], key);
  });
  t.equal(registry.count(name), 10_000);
  exit(one.pid, 'kill');
  t.equal(registry.count(name), 0);
  t.same(registry.select(name), []);
});
