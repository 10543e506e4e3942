/**
 * What runs in every isolate that has shards: their stores and links, and the users, groups and connections that hash
 * to them. Which shards these are the keeper is told; see docs/ARCHITECTURE.md for the picture.
 */
import {
  Exit,
  startLink,
  whereis,
  type Name,
  type Pid,
  type StartResult,
} from '../../actors/index.ts';
import { userOf, type DeviceId, type GroupId, type UserId } from '../../protocol/ids.ts';
import { shardOf } from '../../protocol/shard.ts';
import type { ShardStore } from '../../storage/shard/contract.ts';
import {
  dynamicSupervisor,
  partitionSupervisor,
  supervisor,
  type ChildSpec,
  type StartChildResult,
} from '../../supervisors/index.ts';
import { loader } from '../code/loader.ts';
import { loaderName } from '../code/protocol.ts';
import type { Config } from '../config/config.ts';
import { directory, directoryName } from '../directory/directory.ts';
import type { Opening } from '../gateway/port.ts';
import { group } from '../groups/group.ts';
import { groupName } from '../groups/protocol.ts';
import { link } from '../links/link.ts';
import { linkName } from '../links/names.ts';
import { mailbox } from '../mailboxes/mailbox.ts';
import { mailboxName } from '../mailboxes/protocol.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ObserverArgument } from '../observer/observer.ts';
import { observerSpec } from '../observer/spec.ts';
import { session, type SessionArgument } from '../sessions/session.ts';
import type { SessionServices } from '../sessions/state.ts';
import { storeName } from '../stores/protocol.ts';
import { store } from '../stores/store.ts';
import { keeper } from './keeper.ts';
import { keeperName, receptionName } from './protocol.ts';
import { reception } from './reception.ts';
import { heldShards } from './shard-map.ts';
import type { ShardSpecs } from './specs.ts';

export interface IsolateTreeOptions {
  readonly config: Config;
  readonly shards: number;
  readonly openShard: (shard: number) => ShardStore;
  readonly metrics: Metrics;
  readonly sessions: Omit<SessionServices, 'mailboxOf'>;
  /** Left out where nobody may look, and in the main thread, which has one. */
  readonly observer?: ObserverArgument;
}

/** How often a part of the server may be restarted before the next level is. */
export const BUDGET = { intensity: 100, period: 10 } as const;
/** How often one session, mailbox or group may be. */
const CHILD_BUDGET = { intensity: 5, period: 10, intensityPer: 'child' } as const;
const PARTITIONS = 16;
/** How long an idle mailbox or group keeps its process. */
const PASSIVATE_MS = 30_000;

/** Starts the tree, with no shard in it yet. */
export function startIsolateTree(options: IsolateTreeOptions): Promise<StartResult> {
  const specs = shardSpecs(options);
  return supervisor.startLink(
    () => [
      { strategy: 'one_for_one', ...BUDGET },
      [
        // Before everybody who runs code that may be another one by now.
        loaderSpec(options.config),
        // Shards come and go; a supervisor that is restarted starts those again that are held here.
        branch('stores', () => [
          { strategy: 'one_for_one', ...BUDGET },
          heldShards().map(shard => specs.store(shard)),
        ]),
        branch('links', () => [
          { strategy: 'one_for_one', ...BUDGET },
          heldShards().flatMap(shard => specs.links(shard)),
        ]),
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
            partitions('mailboxes', dynamicChildren),
            partitions('groups', dynamicChildren),
            partitions('sessions', sessions),
          ],
        ]),
        receptionSpec(options),
        ...(options.observer === undefined ? [] : [observerSpec(options.observer)]),
        {
          id: 'keeper',
          start: () =>
            startLink(
              keeper,
              { specs, metrics: options.metrics },
              { name: keeperName, label: 'keeper' },
            ),
        },
      ],
    ],
    undefined,
    { name: 'isolate' },
  );
}

/** Loads code in this isolate: each has one, which takes its name itself when it is ready. */
const loaderSpec = ({ code: limits }: Config): ChildSpec => ({
  id: loaderName,
  start: () => startLink(loader, { limits }, { label: 'code_loader', trapExit: true }),
});

const shardSpecs = (options: IsolateTreeOptions): ShardSpecs => ({
  store: shard => ({
    id: storeName(shard),
    start: () =>
      startLink(
        store,
        { open: () => options.openShard(shard), metrics: options.metrics.server },
        { name: storeName(shard), label: 'store', mailboxLimit: clientLimit(options) },
      ),
  }),
  links: source =>
    Array.from({ length: options.shards }, (_, target) => target)
      .filter(target => target !== source)
      .map(target => ({
        id: linkName(source, target),
        start: () =>
          startLink(link, { source, target }, { name: linkName(source, target), label: 'link' }),
      })),
});

const branch = (name: string, init: Parameters<typeof supervisor.startLink>[0]): ChildSpec => ({
  id: name,
  type: 'supervisor',
  start: () => supervisor.startLink(init, undefined, { name }),
});

/** Processes that every session talks to may hold a few messages of each. */
const clientLimit = ({ config }: IsolateTreeOptions): number =>
  10_000 + 8 * config.limits.connections;

const partitions = (name: string, start: ChildSpec['start']): ChildSpec => ({
  id: name,
  type: 'supervisor',
  start: () =>
    partitionSupervisor.startLink({
      name,
      ...BUDGET,
      partitions: PARTITIONS,
      child: () => ({ type: 'supervisor', start }),
    }),
});

const dynamicChildren = (): Promise<StartResult> => dynamicSupervisor.startLink(CHILD_BUDGET);

/** One specification for all sessions: of each only its argument is kept. */
const sessions = (): Promise<StartResult> =>
  supervisor.startLink(() => [
    { strategy: 'simple_one_for_one', ...CHILD_BUDGET },
    [
      {
        id: 'session',
        restart: 'transient',
        start: (argument: SessionArgument) =>
          startLink(session, argument, {
            label: 'session',
            codeKey: userOf(argument.opening.device),
          }),
      },
    ],
  ]);

function receptionSpec(options: IsolateTreeOptions): ChildSpec {
  const services = sessionServices(options);
  const argument = {
    openSession: (opening: Opening) => openSession(services, opening),
    groupOf: (id: GroupId) => groupOf(options, id),
  };
  return {
    id: 'reception',
    start: () =>
      startLink(reception, argument, {
        name: receptionName,
        label: 'reception',
        mailboxLimit: clientLimit(options),
      }),
  };
}

async function openSession(services: SessionServices, opening: Opening): Promise<StartChildResult> {
  const argument: SessionArgument = { opening, services, begun: false };
  return supervisor.startChild(partitionOf('sessions', opening.device), [argument]);
}

function sessionServices({ config, sessions, shards }: IsolateTreeOptions): SessionServices {
  const startMailbox = (user: UserId) => () => {
    const shard = shardOf(user, shards);
    const argument = { user, shard, passivateMs: PASSIVATE_MS, window: config.limits };
    return startLink(mailbox, argument, {
      name: mailboxName(user),
      label: 'mailbox',
      codeKey: user,
    });
  };
  return {
    ...sessions,
    mailboxOf: user => findOrStart('mailboxes', user, mailboxName(user), startMailbox(user)),
  };
}

function groupOf({ config, shards }: IsolateTreeOptions, id: GroupId): Promise<Pid> {
  const argument = {
    group: id,
    shards,
    passivateMs: PASSIVATE_MS,
    maxMembers: config.limits.membersPerGroup,
  };
  return findOrStart('groups', id, groupName(id), () =>
    startLink(group, argument, { name: groupName(id), label: 'group', codeKey: id }),
  );
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

const startIn = async (
  partition: string,
  key: UserId | GroupId,
  spec: ChildSpec,
): Promise<StartResult> =>
  dynamicSupervisor.startChild(partitionOf(partition, key), { restart: 'transient', ...spec });

/** @throws Exit when the partition is being restarted */
function partitionOf(name: string, key: UserId | GroupId | DeviceId): Name {
  if (whereis(name) === undefined) throw new Exit('noproc');
  return partitionSupervisor.whichPartition(name, key);
}
