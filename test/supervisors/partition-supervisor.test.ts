import { availableParallelism } from 'node:os';
import { inspect } from 'node:util';
import t from 'tap';
import { call, exit, startLink, whereis } from '../../actors/index.ts';
import type { GenServer, Request } from '../../actors/index.ts';
import { dynamicSupervisor, partitionSupervisor } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import { until } from '../actors/until.ts';
import { removeAtEnd } from './children-kit.ts';

type Call = Request<'index', object, number>;
const shard: GenServer<number, number, Call> = {
  init: index => ['ok', index],
  handleCall: (_request, _from, index) => ['reply', index, index],
};

void t.test('a key goes to the same partition always, restarts included', async t => {
  captureLog(t);
  const result = await partitionSupervisor.startLink({
    name: 'shards',
    partitions: 4,
    child: index => ({ start: () => startLink(shard, index) }),
  });
  if (result[0] !== 'ok') throw new Error('did not start');
  removeAtEnd(t, result[1]);
  t.equal(partitionSupervisor.partitions('shards'), 4);
  const where = new Map<string, unknown>();
  for (let user = 0; user < 200; user += 1) {
    const dest = partitionSupervisor.whichPartition('shards', `user-${user}`);
    where.set(`user-${user}`, await call(dest, { kind: 'index' }));
  }
  t.same(new Set(where.values()), new Set([0, 1, 2, 3]), 'all are used');
  const dest = partitionSupervisor.whichPartition('shards', 'user-7');
  const before = whereis(dest);
  exit(before!, 'kill');
  await until(() => whereis(dest) !== undefined && whereis(dest) !== before);
  t.equal(await call(dest, { kind: 'index' }), where.get('user-7'));
  t.equal(await call(partitionSupervisor.whichPartition('shards', 6), { kind: 'index' }), 2);
});

void t.test('any term is a key: the same contents, the same copy', async t => {
  captureLog(t);
  const result = await partitionSupervisor.startLink({
    name: 'terms',
    partitions: 3,
    child: index => ({ start: () => startLink(shard, index) }),
  });
  if (result[0] !== 'ok') throw new Error('did not start');
  removeAtEnd(t, result[1]);
  const indexOf = (key: unknown): Promise<unknown> =>
    call(partitionSupervisor.via('terms', key), { kind: 'index' });
  for (const [key, index] of [
    [2, 2],
    [3, 0],
    [-1, 1],
  ]) {
    t.equal(await indexOf(key), index, `${key} as it is`);
  }
  for (const make of [
    () => ['user', 7],
    () => ({ user: 7, room: { name: 'x' } }),
    () => 10n,
    () => 1.5,
    () => NaN,
    () => Infinity,
    () => null,
    () => undefined,
  ]) {
    const index = await indexOf(make());
    t.ok([0, 1, 2].includes(index as number), inspect(make()));
    t.equal(await indexOf(make()), index, 'again');
  }
  t.equal(whereis('terms'), result[1], 'and the supervisor itself was not asked');
});

void t.test('copies with names of their own keep them', async t => {
  captureLog(t);
  const result = await partitionSupervisor.startLink({
    name: 'pools',
    partitions: 2,
    child: index => ({
      type: 'supervisor',
      start: () => dynamicSupervisor.startLink({ name: `pool-${index}` }),
    }),
  });
  if (result[0] !== 'ok') throw new Error('did not start');
  removeAtEnd(t, result[1]);
  t.equal(partitionSupervisor.whichPartition('pools', 1), 'pool-1');
});

void t.test('bad options and unknown names are told', t => {
  t.throws(
    () =>
      void partitionSupervisor.startLink({ name: 'x', partitions: 0, child: () => ({}) as never }),
    /1 or more/,
  );
  const start = () => startLink(shard, 0);
  for (const [options, why] of [
    [{}, /option name/],
    [{ name: 5, child: { start } }, /option name/],
    [{ name: 'x' }, /option child/],
    [{ name: 'x', child: null }, /option child/],
    [{ name: 'x', child: { start }, withArguments: 123 }, /option withArguments/],
  ] as const) {
    t.throws(() => void partitionSupervisor.startLink(options as never), why);
  }
  t.throws(() => partitionSupervisor.whichPartition('nobody', 'x'), /no partition supervisor/);
  t.end();
});

void t.test('resized: keys move, and the copies that are not needed end', async t => {
  captureLog(t);
  const indexes: unknown[] = [];
  const result = await partitionSupervisor.startLink({
    name: 'resized',
    partitions: 3,
    strategy: 'rest_for_one',
    child: { start: index => startLink(shard, index as number) },
    withArguments: index => {
      indexes.push(index);
      return [index];
    },
  });
  if (result[0] !== 'ok') throw new Error('did not start');
  removeAtEnd(t, result[1]);
  t.same(indexes, [0, 1, 2]);
  t.match(await partitionSupervisor.whichChildren('resized'), [{ id: 2 }, { id: 1 }, { id: 0 }]);
  t.equal(await partitionSupervisor.resize('resized', 1), 3);
  t.equal(partitionSupervisor.partitions('resized'), 1);
  t.match(await partitionSupervisor.countChildren('resized'), { specs: 3, active: 1 });
  t.equal(await call(partitionSupervisor.whichPartition('resized', 5), { kind: 'index' }), 0);
  t.equal(await partitionSupervisor.resize('resized', 3), 1);
  t.equal(await call(partitionSupervisor.via('resized', 5), { kind: 'index' }), 2);
  await t.rejects(partitionSupervisor.resize('resized', 4), /0 to 3/);
  await partitionSupervisor.resize('resized', 0);
  t.throws(() => partitionSupervisor.whichPartition('resized', 1), /no partitions/);
  await partitionSupervisor.stop('resized', 'shutdown');
  t.throws(() => partitionSupervisor.partitions('resized'), /noproc/);
  await t.rejects(partitionSupervisor.resize('resized', 1), /noproc/);
});

void t.test('one partition for each processor, unless told otherwise', async t => {
  captureLog(t);
  const result = await partitionSupervisor.startLink({
    name: 'default',
    child: index => ({ start: () => startLink(shard, index) }),
  });
  if (result[0] !== 'ok') throw new Error('did not start');
  removeAtEnd(t, result[1]);
  t.equal(partitionSupervisor.partitions('default'), availableParallelism());
});

void t.test('keys go to the other copies before the first one ends', async t => {
  captureLog(t);
  const seen: number[] = [];
  const copy: GenServer<number, number> = {
    init: index => ['ok', index],
    terminate: () => {
      seen.push(partitionSupervisor.partitions('shrinking'));
    },
  };
  const result = await partitionSupervisor.startLink({
    name: 'shrinking',
    partitions: 3,
    child: index => ({ start: () => startLink(copy, index, { trapExit: true }) }),
  });
  if (result[0] !== 'ok') throw new Error('did not start');
  removeAtEnd(t, result[1]);
  await partitionSupervisor.resize('shrinking', 1);
  t.same(seen, [1, 1]);
});
