/**
 * The supervision tree; see docs/ARCHITECTURE.md for the picture.
 *
 * Siblings find each other by name and monitor each other; no pid is kept across a restart. Restart budgets count per
 * child where one poisoned user must not exhaust a partition's.
 */
import { Exit, startLink, whereis, type Pid, type StartResult } from '../actors/index.ts';
import type { DeviceId, GroupId, UserId } from '../protocol/ids.ts';
import { shardOf } from '../protocol/shard.ts';
import type { ShardStore } from '../storage/shard/contract.ts';
import {
  dynamicSupervisor,
  partitionSupervisor,
  supervisor,
  type ChildSpec,
} from '../supervisors/index.ts';
import type { Config } from './config/config.ts';
import { directory, directoryName } from './directory/directory.ts';
import { startGateway } from './gateway/gateway.ts';
import type { GatewayOptions } from './gateway/options.ts';
import type { Opening } from './gateway/port.ts';
import { group } from './groups/group.ts';
import { groupName } from './groups/protocol.ts';
import { housekeeping } from './housekeeping/housekeeping.ts';
import { link } from './links/link.ts';
import { linkName } from './links/names.ts';
import { mailbox } from './mailboxes/mailbox.ts';
import { mailboxName } from './mailboxes/protocol.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import { session } from './sessions/session.ts';
import type { SessionServices } from './sessions/state.ts';
import { storeName } from './stores/protocol.ts';
import { store } from './stores/store.ts';

export interface TreeOptions {
  readonly config: Config;
  readonly shards: number;
  readonly openShard: (shard: number) => ShardStore;
  readonly metrics: ServerMetrics;
  readonly sessions: Omit<SessionServices, 'mailboxOf' | 'requests'>;
  readonly gateway: Omit<GatewayOptions, 'openSession'>;
}

/** How often a part of the server may be restarted before the next level is. */
const BUDGET = { intensity: 100, period: 10 } as const;
/** How often one session, mailbox or group may be. */
const CHILD_BUDGET = { intensity: 5, period: 10, intensityPer: 'child' } as const;
const PARTITIONS = 16;
/** How long an idle mailbox or group keeps its process. */
const PASSIVATE_MS = 30_000;
const SWEEP_EVERY_MS = 60_000;

/** Starts the whole tree. The gateway does not listen yet. */
export function startTree(options: TreeOptions): Promise<StartResult> {
  return supervisor.startLink(
    () => [
      { strategy: 'one_for_one', ...BUDGET },
      [
        branch('stores', () => [
          { strategy: 'one_for_one', ...BUDGET },
          range(options.shards).map(shard => storeSpec(options, shard)),
        ]),
        branch('links', () => [{ strategy: 'one_for_one', ...BUDGET }, linkSpecs(options.shards)]),
        branch('exchange', () => [
          { strategy: 'rest_for_one', ...BUDGET },
          [
            {
              id: 'directory',
              start: () =>
                startLink(directory, undefined, {
                  name: directoryName,
                  label: 'directory',
                  mailboxLimit: clientLimit(options),
                }),
            },
            partitions('mailboxes'),
            partitions('groups'),
            partitions('sessions'),
          ],
        ]),
        housekeepingSpec(options),
        {
          id: 'gateway',
          shutdown: options.config.drainTimeoutMs,
          start: () =>
            startGateway({
              ...options.gateway,
              openSession: opening => openSession(sessionServices(options), opening),
            }),
        },
      ],
    ],
    undefined,
    { name: 'root' },
  );
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const branch = (name: string, init: Parameters<typeof supervisor.startLink>[0]): ChildSpec => ({
  id: name,
  type: 'supervisor',
  start: () => supervisor.startLink(init, undefined, { name }),
});

/** Processes that every session talks to may hold a few messages of each. */
const clientLimit = ({ config }: TreeOptions): number => 10_000 + 8 * config.limits.connections;

const storeSpec = (options: TreeOptions, shard: number): ChildSpec => ({
  id: storeName(shard),
  start: () =>
    startLink(
      store,
      { open: () => options.openShard(shard), metrics: options.metrics },
      { name: storeName(shard), label: 'store', mailboxLimit: clientLimit(options) },
    ),
});

const linkSpecs = (shards: number): ChildSpec[] =>
  range(shards).flatMap(source =>
    range(shards)
      .filter(target => target !== source)
      .map(target => ({
        id: linkName(source, target),
        start: () =>
          startLink(link, { source, target }, { name: linkName(source, target), label: 'link' }),
      })),
  );

const partitions = (name: string): ChildSpec => ({
  id: name,
  type: 'supervisor',
  start: () =>
    partitionSupervisor.startLink({
      name,
      ...BUDGET,
      partitions: PARTITIONS,
      child: () => ({
        type: 'supervisor',
        start: () => dynamicSupervisor.startLink(CHILD_BUDGET),
      }),
    }),
});

const housekeepingSpec = ({ config, shards }: TreeOptions): ChildSpec => ({
  id: 'housekeeping',
  start: () =>
    startLink(
      housekeeping,
      {
        shards,
        messageLifeMs: config.limits.messageLifeMs,
        sweepEveryMs: SWEEP_EVERY_MS,
        now: Date.now,
      },
      { name: 'housekeeping', label: 'housekeeping' },
    ),
});

function openSession(services: SessionServices, opening: Opening): Promise<StartResult> {
  const start = () => startLink(session, { opening, services }, { label: 'session' });
  return startIn('sessions', opening.device, { id: opening.connection, start });
}

function sessionServices({ config, sessions, shards }: TreeOptions): SessionServices {
  const startMailbox = (user: UserId) => () => {
    const shard = shardOf(user, shards);
    const argument = { user, shard, passivateMs: PASSIVATE_MS, window: config.limits };
    return startLink(mailbox, argument, { name: mailboxName(user), label: 'mailbox' });
  };
  const startGroup = (id: GroupId) => () =>
    startLink(
      group,
      {
        group: id,
        shards,
        passivateMs: PASSIVATE_MS,
        maxMembers: config.limits.membersPerGroup,
      },
      { name: groupName(id), label: 'group' },
    );
  return {
    ...sessions,
    mailboxOf: user => findOrStart('mailboxes', user, mailboxName(user), startMailbox(user)),
    requests: { groupOf: id => findOrStart('groups', id, groupName(id), startGroup(id)) },
  };
}

/** The process of this name, started in its partition when there is none. @throws Exit when it cannot be started */
async function findOrStart(
  partition: string,
  key: UserId | GroupId,
  name: string,
  start: () => Promise<StartResult>,
): Promise<Pid> {
  const running = whereis(name);
  if (running !== undefined) return running;
  const result = await startIn(partition, key, { id: name, start });
  if (result[0] === 'ok') return result[1];
  if (result[0] === 'error') {
    const [, reason] = result;
    // Somebody else was faster.
    if (Array.isArray(reason) && reason[0] === 'already_started') return reason[1] as Pid;
    throw new Exit(reason);
  }
  throw new Exit('ignore');
}

/** @throws Exit when the partition is being restarted */
async function startIn(
  partition: string,
  key: UserId | GroupId | DeviceId,
  spec: ChildSpec,
): Promise<StartResult> {
  if (whereis(partition) === undefined) throw new Exit('noproc');
  const supervisor = partitionSupervisor.whichPartition(partition, key);
  return dynamicSupervisor.startChild(supervisor, { restart: 'transient', ...spec });
}
