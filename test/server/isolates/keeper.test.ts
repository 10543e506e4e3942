/** What a keeper does with shards: opens all that belongs to them, and ends it, users first. */
import { Registry } from 'prom-client';
import t, { type Test } from 'tap';
import {
  call,
  cast,
  exit,
  isAlive,
  start,
  startLink,
  stop,
  whereis,
  type GenServer,
  type Pid,
} from '../../../actors/index.ts';
import { keeper } from '../../../server/isolates/keeper.ts';
import { keeperName } from '../../../server/isolates/protocol.ts';
import { heldShards, isolateOfShard, letShardGo } from '../../../server/isolates/shard-map.ts';
import { partitioned, type ShardSpecs } from '../../../server/isolates/specs.ts';
import type { Metrics } from '../../../server/metrics/metrics.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import {
  dynamicSupervisor,
  partitionSupervisor,
  supervisor,
  type ChildSpec,
} from '../../../supervisors/index.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { exitOf } from '../../actors/exit-of.ts';
import { until } from '../../e2e/until.ts';

const SHARDS = 3;
const placement = [0, 0, 0];

interface Scene {
  /** What was started, ended and told, in order. */
  readonly events: string[];
  /** A shard that cannot be opened. */
  damaged: number | undefined;
  /** Who waits to have started, or to have ended, until `goOn`. */
  held: string | undefined;
  goOn: () => void;
  readonly keeper: () => Pid;
  readonly startKeeper: () => Promise<void>;
  /** A process as a session, mailbox or group is, under its supervisor. */
  readonly startUser: (partition: string, key: string) => Promise<Pid>;
}

/** The tree of an isolate, with stores, links and users that only say that they are there. */
async function scene(t: Test): Promise<Scene> {
  captureLog(t);
  const events: string[] = [];
  const pids: Pid[] = [];
  const started = (result: readonly [string, unknown?]): Pid => {
    if (result[0] !== 'ok') throw new Error('it did not start', { cause: result[1] });
    pids.push(result[1] as Pid);
    return result[1] as Pid;
  };
  const part: GenServer<string, string> = {
    async init(name) {
      const shard = Number(name.split('.')[1]);
      if (name.startsWith('store') && shard === scene.damaged)
        throw new StorageError('corrupt', `Shard ${shard} is damaged.`);
      await happens(`+${name}`);
      return ['ok', name];
    },
    handleInfo(message, name) {
      const { kind, shard } = message as unknown as { kind: string; shard: number };
      events.push(`${name} told ${kind} ${shard}`);
      return ['noreply', name];
    },
    terminate: (_reason, name) => happens(`-${name}`),
  };
  const happens = async (event: string): Promise<void> => {
    events.push(event);
    if (scene.held === event) await new Promise<void>(resolve => (scene.goOn = resolve));
  };
  const spec = (id: string): ChildSpec => ({
    id,
    start: () => startLink(part, id, { name: id, trapExit: true }),
  });
  const specs: ShardSpecs = {
    store: shard => spec(`store.${shard}`),
    links: source =>
      [0, 1, 2].filter(target => target !== source).map(target => spec(`link.${source}.${target}`)),
  };
  for (const name of ['stores', 'links'])
    started(
      await supervisor.startLink(() => [{ strategy: 'one_for_one' }, []], undefined, { name }),
    );
  for (const name of partitioned)
    started(
      await partitionSupervisor.startLink({
        name,
        partitions: 2,
        child: () => ({ type: 'supervisor', start: () => dynamicSupervisor.startLink() }),
      }),
    );
  const metrics = { read: () => new Registry().getMetricsAsJSON() } as unknown as Metrics;
  t.teardown(async () => {
    for (const pid of pids.toReversed()) if (isAlive(pid)) await stop(pid, 'shutdown');
    for (const shard of heldShards()) letShardGo(shard);
  });
  const scene: Scene = {
    events,
    ...{ damaged: undefined, held: undefined, goOn: () => undefined },
    keeper: () => whereis(keeperName) as Pid,
    startKeeper: async () => {
      started(await start(keeper, { specs, metrics }, { name: keeperName }));
    },
    startUser: async (partition, key) => {
      const at = partitionSupervisor.whichPartition(partition, key);
      return started(
        await dynamicSupervisor.startChild(at, { ...spec(key), restart: 'temporary' }),
      );
    },
  };
  await scene.startKeeper();
  return scene;
}

/** A call exits with `[reason, what was called]`. */
const reasonIn = (reason: unknown): unknown => (Array.isArray(reason) ? reason[0] : reason);

const take = (...shards: number[]) => call(keeperName, { kind: 'take', shards, placement });
const release = (shard: number) =>
  call(keeperName, { kind: 'release', shard, placement: [0, undefined, 0] });

void t.test(
  'what it takes it opens, stores before their links, and knows where all are',
  async t => {
    const { events } = await scene(t);
    t.equal(await take(0, 2), 'ok');
    t.same(events, ['+store.0', '+link.0.1', '+link.0.2', '+store.2', '+link.2.0', '+link.2.1']);
    t.same(heldShards(), [0, 2]);
    t.equal(isolateOfShard(1), 0);
  },
);

void t.test('what it has already stays as it is', async t => {
  const { events } = await scene(t);
  await take(0);
  const store = whereis('store.0');
  t.equal(await take(0, 1), 'ok');
  t.equal(whereis('store.0'), store);
  t.equal(events.filter(event => event === '+store.0').length, 1);
  t.same(heldShards(), [0, 1]);
});

void t.test(
  'one that cannot be opened is refused with its reason; those before it stay',
  async t => {
    const stage = await scene(t);
    stage.damaged = 1;
    t.same(await take(0, 1, 2), { code: 'corrupt', message: 'Shard 1 is damaged.' });
    t.same(heldShards(), [0]);
    t.ok(whereis('store.0'));
    t.equal(whereis('store.2'), undefined);
    stage.damaged = undefined;
    t.equal(await take(0, 1, 2), 'ok', 'it is tried again');
    t.same(heldShards(), [0, 1, 2]);
  },
);

void t.test('a shard is let go users first, links before the store', async t => {
  const { events, startUser } = await scene(t);
  await take(0, 1);
  for (const name of partitioned) await startUser(name, `${name}:a`);
  events.length = 0;
  t.equal(await release(1), 'ok');
  t.same(heldShards(), [0]);
  t.same(
    events.filter(event => event.includes('told')).toSorted(),
    partitioned.map(name => `${name}:a told shard_released 1`).toSorted(),
  );
  t.same(
    events.filter(event => !event.includes('told')),
    ['-link.1.0', '-link.1.2', '-store.1'],
  );
  t.equal(isolateOfShard(1), undefined, 'it is on its way');
  t.ok(whereis('store.0'), 'the others stay');
  t.equal(await take(1), 'ok', 'it may come back');
  t.ok(whereis('store.1'));
});

void t.test(
  'a shard that it does not have is let go, too: who asks may have asked before',
  async t => {
    await scene(t);
    await take(0);
    t.equal(await release(1), 'ok');
    t.equal(await release(1), 'ok');
    t.same(heldShards(), [0]);
  },
);

void t.test('it is told where the shards are, and tells its metrics', async t => {
  await scene(t);
  cast(keeperName, { kind: 'placement', placement: [7, undefined, 0] });
  t.same(await call(keeperName, { kind: 'metrics' }), []);
  t.equal(isolateOfShard(0), 7);
  t.equal(isolateOfShard(1), undefined);
});

void t.test('a keeper that was killed has what was taken: its shards are facts', async t => {
  const { keeper, startKeeper, events } = await scene(t);
  await take(0);
  exit(keeper(), 'kill');
  await startKeeper();
  t.same(heldShards(), [0]);
  t.equal(await take(0, 1), 'ok');
  t.equal(events.filter(event => event === '+store.0').length, 1);
});

void t.test('killed between two shards: the next one opens the rest', async t => {
  const stage = await scene(t);
  stage.held = '+store.1';
  const taken = exitOf(take(0, 1, 2));
  await until(() => stage.events.includes('+store.1'), 'it is at the second');
  exit(stage.keeper(), 'kill');
  t.same(reasonIn(await taken), 'killed');
  await stage.startKeeper();
  stage.goOn();
  t.equal(await take(0, 1, 2), 'ok');
  t.same(heldShards().toSorted(), [0, 1, 2]);
  for (const shard of [0, 1, 2])
    for (const name of [`store.${shard}`, `link.${shard}.${(shard + 1) % SHARDS}`])
      t.ok(whereis(name), name);
});

void t.test('killed while it lets a shard go: the next one ends what is left', async t => {
  const stage = await scene(t);
  await take(0, 1);
  stage.held = '-link.1.0';
  const released = exitOf(release(1));
  await until(() => stage.events.includes('-link.1.0'), 'the first link ends');
  exit(stage.keeper(), 'kill');
  t.same(reasonIn(await released), 'killed');
  await stage.startKeeper();
  stage.goOn();
  t.equal(await release(1), 'ok');
  for (const name of ['link.1.0', 'link.1.2', 'store.1']) t.equal(whereis(name), undefined, name);
});

void t.test('without the supervisor of the stores it ends: it cannot do its work', async t => {
  const { keeper } = await scene(t);
  const pid = keeper();
  const stores = whereis('stores');
  if (stores !== undefined) exit(stores, 'kill');
  t.not(await exitOf(take(0)), undefined);
  t.notOk(isAlive(pid));
  t.same(heldShards(), []);
});
