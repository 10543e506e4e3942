import t from 'tap';
import { call, exit, startLink, whereis } from '../../actors/index.ts';
import type { GenServer, Request } from '../../actors/index.ts';
import { dynamicSupervisor, partitionSupervisor } from '../../supervisors/index.ts';
import { captureLog } from '../actors/capture-log.ts';
import { removeAtEnd, until } from './children-kit.ts';

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
  t.throws(() => partitionSupervisor.whichPartition('nobody', 'x'), /no partition supervisor/);
  t.end();
});
