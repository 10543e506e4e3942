/**
 * A handler that loops, keeps memory, throws where nobody catches or ends the thread takes its isolate down and nothing
 * else: no socket closes, nothing is lost, doubled or reordered.
 */
import { BroadcastChannel } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { call } from '../../actors/index.ts';
import { faultyIsolate, FAULTS_CHANNEL, type Fault, type FaultOrder } from '../../lab/faults.ts';
import type { WatchedDevice } from '../../lab/watched-device.ts';
import { shardOf } from '../../protocol/shard.ts';
import { switchboardName } from '../../server/isolates/protocol.ts';
import { isolateOfShard } from '../../server/isolates/shard-map.ts';
import { setWorkerEntry, workerEntry } from '../../server/isolates/worker-entry.ts';
import { startInProcess, type InProcessServer } from './in-process-server.ts';
import { until } from './until.ts';
import { talk, World } from './world.ts';

const ISOLATES = 2;

interface Scene extends InProcessServer {
  readonly world: World;
  readonly people: readonly WatchedDevice[];
  order(order: FaultOrder): void;
  /** How often the isolate has died. */
  deaths(isolate: number): number;
}

async function scene(t: Test, flags: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const before = workerEntry();
  setWorkerEntry(faultyIsolate);
  t.teardown(() => setWorkerEntry(before));
  const started = await startInProcess(t, {
    isolates: String(ISOLATES),
    shards: '4',
    isolatesHeapMb: '256',
    ...flags,
  });
  const world = new World(t, () => started.server.url);
  const people = await world.people(16);
  const channel = new BroadcastChannel(FAULTS_CHANNEL);
  t.teardown(() => channel.close());
  return {
    ...started,
    ...{ world, people },
    order: order => channel.postMessage(order),
    deaths: isolate =>
      started.reports.filter(
        ({ report }) =>
          report.kind === 'supervisor' &&
          report.errorContext === 'child_terminated' &&
          report.offender.id === `isolate.${isolate}`,
      ).length,
  };
}

const isolateOf = ({ user }: WatchedDevice): number | undefined => isolateOfShard(shardOf(user, 4));

/** Until everybody has had something accepted from now on. */
async function everybodyGoesOn({ world, people }: Scene): Promise<void> {
  const before = people.map(({ id }) => world.oracle.acceptedBy(id));
  await until(
    () => people.every(({ id }, i) => world.oracle.acceptedBy(id) > (before[i] ?? 0)),
    'everybody has something accepted',
  );
}

function nobodyDisconnected(t: Test, people: readonly WatchedDevice[]): void {
  const gone = people.filter(({ disconnections }) => disconnections > 0);
  t.strictSame(
    gone.map(({ id, statuses }) => [id, statuses]),
    [],
    'no socket was closed',
  );
}

const faults: readonly Fault[] = [
  'loop',
  'allocate',
  'keep buffers',
  'throw where nobody owns it',
  'process.exit',
];
for (const fault of faults)
  void t.test(`a handler that does this: ${fault}`, async t => {
    const stage = await scene(t);
    const { world, people } = stage;
    t.same(new Set(people.map(isolateOf)), new Set([1, 2]), 'people are in both isolates');
    let over = false;
    const talking = talk(people, () => over);
    for (const isolate of [1, 2]) {
      await everybodyGoesOn(stage);
      stage.order({ fault, isolate, device: undefined });
      await until(() => stage.deaths(isolate) === 1, `the death of isolate ${isolate}`);
      await everybodyGoesOn(stage);
    }
    over = true;
    await talking;
    await world.judge();
    nobodyDisconnected(t, people);
    t.same([stage.deaths(1), stage.deaths(2)], [1, 1]);
  });

void t.test('a timer of a session throws: only this session is lost', async t => {
  const stage = await scene(t);
  const { world, people, server } = stage;
  let over = false;
  const talking = talk(people, () => over);
  await everybodyGoesOn(stage);
  stage.order({ fault: 'throw from a timer', isolate: 1, device: undefined });
  await until(async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return /^strowger_sessions_lost_total 1$/m.test(metrics);
  }, 'a session is lost');
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, people);
  t.same([stage.deaths(1), stage.deaths(2)], [0, 0], 'no isolate died');
});

void t.test('who takes its isolate down again and again is sent away, the others stay', async t => {
  const stage = await scene(t, { isolatesHeartbeatMs: '500' });
  const { world, people } = stage;
  const [poison, ...others] = people;
  if (poison === undefined) throw new Error('there are people');
  let over = false;
  const talking = talk(people, () => over);
  await everybodyGoesOn(stage);
  // Given again and again: an isolate that has died knows nothing of it.
  await until(() => {
    stage.order({ fault: 'loop', isolate: undefined, device: poison.id });
    return poison.disconnections > 0;
  }, 'the socket of the one is closed');
  t.ok(stage.deaths(isolateOf(poison) ?? 0) >= 2, 'it had a second chance');
  stage.order({ fault: 'loop', isolate: undefined, device: 'nobody:1' as typeof poison.id });
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, others);
});

void t.test('isolates are replaced under load: an upgrade', async t => {
  const stage = await scene(t);
  const { world, people } = stage;
  let over = false;
  const talking = talk(people, () => over);
  for (const count of [undefined, 3, 1, 2]) {
    await everybodyGoesOn(stage);
    const result = await call(
      switchboardName,
      { kind: 'upgrade', entry: undefined, count },
      Infinity,
    );
    t.match(result, { shardsMoved: 4 });
    if ('isolates' in result)
      t.same(new Set(people.map(isolateOf)), new Set(result.isolates), 'the new ones have them');
  }
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, people);
});

void t.test('a program that does not start changes nothing', async t => {
  const stage = await scene(t);
  const { world, people } = stage;
  let over = false;
  const talking = talk(people, () => over);
  await everybodyGoesOn(stage);
  const entry = new URL('./no-such-program.js', import.meta.url).pathname;
  const before = await call(switchboardName, { kind: 'placement' });
  const result = await call(
    switchboardName,
    { kind: 'upgrade', entry, count: undefined },
    Infinity,
  );
  t.match(result, { code: 'upgrade_failed' });
  t.same(await call(switchboardName, { kind: 'placement' }), before);
  await everybodyGoesOn(stage);
  over = true;
  await talking;
  await world.judge();
  nobodyDisconnected(t, people);
});
