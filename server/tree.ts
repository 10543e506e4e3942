/**
 * The supervision tree of the main thread, which has the sockets; see docs/ARCHITECTURE.md for the picture.
 *
 * Users and groups are in isolates, each with a tree of its own (isolates/tree.ts). Siblings find each other by name
 * and monitor each other; no pid is kept across a restart.
 */
import { resolve } from 'node:path';
import {
  cast,
  connectedIsolates,
  startLink,
  thisIsolate,
  type StartResult,
} from '../actors/index.ts';
import { userOf } from '../protocol/ids.ts';
import { shardOf } from '../protocol/shard.ts';
import { supervisor, type ChildSpec } from '../supervisors/index.ts';
import { acme, type AcmeArgument } from './acme/acme.ts';
import type { CoordinatorArgument } from './code/coordinator-state.ts';
import { codeCoordinator } from './code/coordinator.ts';
import { codeName } from './code/protocol.ts';
import { watcher } from './code/watcher.ts';
import type { Config } from './config/config.ts';
import { startGateway } from './gateway/gateway.ts';
import type { GatewayOptions, SessionStart } from './gateway/options.ts';
import type { Opening } from './gateway/port.ts';
import { housekeeping } from './housekeeping/housekeeping.ts';
import { isolate } from './isolates/isolate.ts';
import { switchboardName } from './isolates/protocol.ts';
import { receptionAt } from './isolates/reception-at.ts';
import { isolateOfShard } from './isolates/shard-map.ts';
import { spare, spareName } from './isolates/spare.ts';
import { switchboard } from './isolates/switchboard.ts';
import { isolatesName, Threads } from './isolates/threads.ts';
import { BUDGET, startIsolateTree } from './isolates/tree.ts';
import type { IsolateSettings } from './isolates/worker-data.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { ObserverArgument } from './observer/observer.ts';
import { observerSpec } from './observer/spec.ts';
import { isolateServices } from './services.ts';

export interface TreeOptions {
  readonly settings: IsolateSettings;
  readonly metrics: Metrics;
  readonly gateway: Omit<GatewayOptions, 'openSession'>;
  /** Undefined: nobody may look. */
  readonly observer: ObserverArgument | undefined;
  /** Whether reports wait for the end of the server's start. */
  readonly holdLog: () => boolean;
}

/** Past so many deaths of isolates the server ends: something is wrong that starting anew does not mend. */
const ISOLATES_BUDGET = { intensity: 10, period: 60 } as const;
/** How long an isolate may take to end in order. */
const ISOLATE_SHUTDOWN_MS = 10_000;
const SWEEP_EVERY_MS = 60_000;

/** Starts the whole tree. The gateway does not listen yet. */
export function startTree(options: TreeOptions): Promise<StartResult> {
  const { settings, metrics } = options;
  const { config, shards } = settings;
  const coordinatorSpec = codeSpec(options);
  const threads = new Threads(config.isolates.count, number => isolateSpec(options, number));
  return supervisor.startLink(
    () => [
      { strategy: 'one_for_one', ...BUDGET },
      [
        coordinatorSpec,
        {
          id: isolatesName,
          type: 'supervisor',
          start: () =>
            config.isolates.count === 0
              ? startIsolateTree(isolateServices(settings, metrics))
              : supervisor.startLink(
                  () => [{ strategy: 'one_for_one', ...ISOLATES_BUDGET }, threads.specs()],
                  undefined,
                  { name: isolatesName },
                ),
        },
        {
          id: 'switchboard',
          start: () =>
            startLink(
              switchboard,
              { shards, threads },
              { name: switchboardName, label: 'switchboard' },
            ),
        },
        ...spareSpecs(settings),
        housekeepingSpec(config, shards),
        ...watchSpecs(config),
        ...acmeSpecs(config, options.gateway),
        ...(options.observer === undefined ? [] : [observerSpec(options.observer)]),
        {
          id: 'gateway',
          shutdown: config.drainTimeoutMs,
          start: () =>
            startGateway({ ...options.gateway, openSession: opening => ask(opening, shards) }),
        },
      ],
    ],
    undefined,
    { name: 'root' },
  );
}

const isolateSpec = ({ settings, holdLog }: TreeOptions, number: number): ChildSpec => ({
  id: `isolate.${number}`,
  shutdown: ISOLATE_SHUTDOWN_MS,
  start: () =>
    startLink(
      isolate,
      { isolate: number, settings, holdLog },
      { name: `isolate.${number}`, label: 'isolate', trapExit: true },
    ),
});

/** Its argument is made once: by that it knows, when it is restarted, that it is still the same server's. */
function codeSpec({ settings: { config }, gateway }: TreeOptions): ChildSpec {
  const argument: CoordinatorArgument = {
    directory: config.handlers === undefined ? undefined : resolve(config.handlers),
    limits: config.code,
    onNotice: gateway.onNotice,
    now: Date.now,
  };
  return {
    id: codeName,
    start: () => startLink(codeCoordinator, argument, { name: codeName, label: 'code' }),
  };
}

const watchSpecs = ({ handlers, watch }: Config): ChildSpec[] =>
  handlers === undefined || !watch
    ? []
    : [
        {
          id: 'code_watcher',
          start: () =>
            startLink(
              watcher,
              { directory: handlers },
              { name: 'code_watcher', label: 'code_watcher' },
            ),
        },
      ];

/** Without isolates there is nothing to replace. */
const spareSpecs = (settings: IsolateSettings): ChildSpec[] =>
  settings.config.isolates.count === 0
    ? []
    : [
        {
          id: 'spare',
          start: () => startLink(spare, settings, { name: spareName, label: 'spare' }),
        },
      ];

/** The isolate that has the device's shard is asked for its session. */
function ask(opening: Opening, shards: number): SessionStart {
  const shard = shardOf(userOf(opening.device), shards);
  const place = isolateOfShard(shard);
  if (place === undefined) return ['away'];
  if (place !== thisIsolate() && !connectedIsolates().includes(place)) return ['away'];
  cast(receptionAt(shard), { kind: 'open_session', opening });
  return ['asked'];
}

/** Before the gateway, which needs a certificate to start with. */
const acmeSpecs = (
  config: Config,
  { tls, onNotice, onError }: TreeOptions['gateway'],
): ChildSpec[] =>
  config.acme === undefined || tls === undefined
    ? []
    : [acmeSpec({ acme: config.acme, tls, now: Date.now, onNotice, onError })];

const acmeSpec = (argument: AcmeArgument): ChildSpec => ({
  id: 'acme',
  start: () => startLink(acme, argument, { name: 'acme', label: 'acme' }),
});

const housekeepingSpec = (config: Config, shards: number): ChildSpec => ({
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
