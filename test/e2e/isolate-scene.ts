/** A server with two isolates in this process, whose isolates fail when they are told to, and people who talk. */
import { BroadcastChannel } from 'node:worker_threads';
import type { Test } from 'tap';
import type { ExitReason } from '../../actors/index.ts';
import { faultyIsolate, FAULTS_CHANNEL, type FaultOrder } from '../../lab/faults.ts';
import type { WatchedDevice } from '../../lab/watched-device.ts';
import { shardOf } from '../../protocol/shard.ts';
import { isolateOfShard } from '../../server/isolates/shard-map.ts';
import { setWorkerEntry, workerEntry } from '../../server/isolates/worker-entry.ts';
import { startInProcess, type InProcessServer } from './in-process-server.ts';
import { until } from './until.ts';
import { World } from './world.ts';

const ISOLATES = 2;

export interface Scene extends InProcessServer {
  readonly world: World;
  readonly people: readonly WatchedDevice[];
  order(order: FaultOrder): void;
  /** How often the isolate has died. */
  deaths(isolate: number): number;
  /** Of what it has. */
  causes(isolate: number): ExitReason[];
}

export async function scene(t: Test, flags: Readonly<Record<string, string>> = {}): Promise<Scene> {
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
  const causes = (isolate: number): ExitReason[] =>
    started.reports.flatMap(({ report }) =>
      report.kind === 'supervisor' &&
      report.errorContext === 'child_terminated' &&
      report.offender.id === `isolate.${isolate}`
        ? [report.reason]
        : [],
    );
  const channel = new BroadcastChannel(FAULTS_CHANNEL);
  t.teardown(() => channel.close());
  return {
    ...started,
    ...{ world, people },
    order: order => channel.postMessage(order),
    deaths: isolate => causes(isolate).length,
    causes,
  };
}

export const isolateOf = ({ user }: WatchedDevice): number | undefined =>
  isolateOfShard(shardOf(user, 4));

/** Until everybody has had something accepted from now on. */
export async function everybodyGoesOn({ world, people }: Scene): Promise<void> {
  const before = people.map(({ id }) => world.oracle.acceptedBy(id));
  await until(
    () => people.every(({ id }, i) => world.oracle.acceptedBy(id) > (before[i] ?? 0)),
    'everybody has something accepted',
  );
}

export function nobodyDisconnected(t: Test, people: readonly WatchedDevice[]): void {
  const gone = people.filter(({ disconnections }) => disconnections > 0);
  t.strictSame(
    gone.map(({ id, statuses }) => [id, statuses]),
    [],
    'no socket was closed',
  );
}
