/** Takes shards for its isolate, and lets them go, as the switchboard says. */
import {
  send,
  type CallResult,
  type CastResult,
  type GenServer,
  type InitResult,
  type Pid,
} from '../../actors/index.ts';
import { dynamicSupervisor, supervisor, type ChildSpec } from '../../supervisors/index.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { findStartError } from '../start-error.ts';
import type { KeeperCall, PlacementCast, Refused, ShardReleased } from './protocol.ts';
import { heldShards, holdShard, letShardGo, setPlacement } from './shard-map.ts';
import { partitioned, type ShardSpecs } from './specs.ts';

export interface KeeperArgument {
  readonly specs: ShardSpecs;
  readonly metrics: Metrics;
}

type Answer = 'ok' | Refused | readonly object[];

export const keeper: GenServer<KeeperArgument, KeeperArgument, KeeperCall, PlacementCast> = {
  init(argument): InitResult<KeeperArgument> {
    return ['ok', argument];
  },

  async handleCall(request, _from, state): Promise<CallResult<Answer, KeeperArgument>> {
    switch (request.kind) {
      case 'take':
        setPlacement(request.placement);
        return ['reply', await take(state, request.shards), state];
      case 'release':
        setPlacement(request.placement);
        await release(state, request.shard);
        return ['reply', 'ok', state];
      case 'metrics':
        return ['reply', await state.metrics.read(), state];
    }
  },

  handleCast({ placement }, state): CastResult<KeeperArgument> {
    setPlacement(placement);
    return ['noreply', state];
  },
};

/** Opens the stores of shards that are not held yet, all of them or, when one cannot be opened, those before it. */
async function take({ specs }: KeeperArgument, shards: readonly number[]): Promise<'ok' | Refused> {
  const held = heldShards();
  for (const shard of shards.filter(shard => !held.includes(shard))) {
    const started = await supervisor.startChild('stores', specs.store(shard));
    // A keeper that died over this shard may have started some of it.
    if (started[0] === 'error' && !isThere(started[1])) {
      // `{error, {Reason, Child}}`, as `supervisor.erl` has it.
      const [, error] = started;
      const { code, message } = findStartError(Array.isArray(error) ? error[0] : error);
      return { code, message };
    }
    for (const link of specs.links(shard)) await supervisor.startChild('links', link);
    holdShard(shard);
  }
  return 'ok';
}

const isThere = (error: unknown): boolean => Array.isArray(error) && error[0] === 'already_started';

/** Its users first: they are told to end, and the gateway opens their sessions where the shard will be. */
async function release({ specs }: KeeperArgument, shard: number): Promise<void> {
  letShardGo(shard);
  for (const pid of await usersProcesses())
    send(pid, { kind: 'shard_released', shard } satisfies ShardReleased);
  for (const link of specs.links(shard)) await endChild('links', link);
  await endChild('stores', specs.store(shard));
}

async function usersProcesses(): Promise<readonly Pid[]> {
  const pids: Pid[] = [];
  for (const name of partitioned)
    for (const partition of await supervisor.whichChildren(name))
      if (typeof partition.pid === 'number')
        for (const { pid } of await dynamicSupervisor.whichChildren(partition.pid))
          if (typeof pid === 'number') pids.push(pid);
  return pids;
}

async function endChild(name: string, { id }: ChildSpec): Promise<void> {
  await supervisor.terminateChild(name, id);
  await supervisor.deleteChild(name, id);
}
