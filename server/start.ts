/** Starting and stopping a whole server. */
import { at, call, connectedIsolates, setIsolateCodec, setLogger } from '../actors/index.ts';
import { application, type StartPhase } from '../supervisors/index.ts';
import { addAccountRoutes } from './accounts/routes.ts';
import { backup } from './backup/backup.ts';
import { codeName, isRefused, type Changed } from './code/protocol.ts';
import { addCodeRoutes } from './code/routes.ts';
import type { Config } from './config/config.ts';
import { keepCrashesAs } from './crashes/keep.ts';
import { makeDirectory } from '../storage/make-directory.ts';
import { ensureTicketSecret, shardCount } from './data-directory.ts';
import { gatewayName } from './gateway/protocol.ts';
import type { GatewayOptions } from './gateway/options.ts';
import type { ListenError, Listening } from './gateway/listen.ts';
import { adminCheck, ensureAdminToken } from './http/admin-token.ts';
import { httpError } from './http/http-error.ts';
import type { HttpAnswer } from './http/http-request.ts';
import { addHealthRoutes, type Readiness } from './http/health-routes.ts';
import { createAddressRateLimit } from './http/rate-limit.ts';
import { createRouter, type Router } from './http/router.ts';
import { isolateCodec } from './isolates/codec.ts';
import { tellWorkers } from './isolates/mesh.ts';
import { keeperName, type Refused } from './isolates/protocol.ts';
import { addUpgradeRoute } from './isolates/routes.ts';
import { storeAt } from './isolates/shard-map.ts';
import { createLogger, logError, logSink } from './logging.ts';
import { countRestarts } from './metrics/count-restarts.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { observeMain } from './observer/arguments.ts';
import { addObserverRoutes } from './observer/routes.ts';
import { findStartError, StartError, unusableDirectory } from './start-error.ts';
import { StartLog } from './start-log.ts';
import { startTree } from './tree.ts';

export interface RunningServer {
  /** Where clients connect: `http://host:port` or `https://…`. */
  readonly url: string;
  /** Uses what is in the TLS files now. @returns a sentence that says why not, undefined when it does */
  renewTls(): Promise<string | undefined>;
  /** Loads the handlers' directory as it is now. @returns a sentence that says why not, undefined when it does */
  reloadHandlers(): Promise<string | undefined>;
  /** Sends everybody away, waits for open work, stops. */
  stop(): Promise<void>;
  /** Settles when the server has ended: by `stop`, or because its tree gave up. */
  readonly ended: Promise<void>;
}

const APPLICATION = 'strowger';
const MINUTE_MS = 60_000;
const METRICS_WITHIN_MS = 1_000;

type OnError = GatewayOptions['onError'];

/**
 * One server per process.
 * @param version what it says it is
 * @throws StartError for a taken port or directory, a damaged or newer store, a bad certificate …
 */
export async function startServer(config: Config, version = 'unknown'): Promise<RunningServer> {
  try {
    return await start(config, version);
  } catch (error) {
    throw unusableDirectory(error, config.dataDirectory) ?? error;
  }
}

async function start(config: Config, version: string): Promise<RunningServer> {
  makeDirectory(config.dataDirectory);
  const metrics = createMetrics();
  const logger = createLogger({ level: config.logLevel });
  const observing = config.observer ? observeMain(metrics) : undefined;
  const log = countRestarts(metrics.server, logSink(logger));
  const startLog = new StartLog(observing?.sink(log) ?? log);
  setLogger(startLog.sink);
  const onError = (error: unknown, where: string): void => {
    logError(logger, error, where);
  };
  const onNotice = (text: string): void => logger.notice(text);
  setIsolateCodec(isolateCodec());
  const shards = shardCount(config.dataDirectory, config.shards);
  const settings = {
    config,
    shards,
    ticketSecret: ensureTicketSecret(config.dataDirectory),
    version,
  };
  keepCrashesAs(settings);
  const router = makeRouter(config, shards, metrics, onError);
  if (observing !== undefined) {
    addObserverRoutes(router, { ...observing, shards, version, onNotice });
  }
  let listening: Listening | undefined;
  let hasEnded = (): void => undefined;
  const ended = new Promise<void>(resolve => {
    hasEnded = resolve;
  });

  const started = await application.start({
    name: APPLICATION,
    start: () =>
      startTree({
        settings,
        metrics,
        gateway: gatewayOptions(config, metrics, { http: router.handle, onError, onNotice }),
        observer: observing?.argument,
        holdLog: () => startLog.holds,
      }),
    startPhases: [
      ...handlersPhase(config),
      {
        name: 'listen',
        run: async () => {
          const result = await call(gatewayName, { kind: 'listen' });
          if (result[0] === 'ok') [, listening] = result;
          return result;
        },
      },
    ],
    prepStop: async () => {
      await call(gatewayName, { kind: 'drain', withinMs: config.drainTimeoutMs }, Infinity);
    },
    stop: hasEnded,
  });
  if (started !== 'ok') {
    const error = startError(started[1]);
    if (error.code === 'start_failed') startLog.release();
    throw error;
  }
  startLog.release();
  tellWorkers({ kind: 'release_log' });
  if (listening === undefined) throw new StartError('listen_failed', 'The port was not opened.');
  const stop = async (): Promise<void> => {
    await application.stop(APPLICATION);
  };
  const renewTls = async (): Promise<string | undefined> => {
    const [result, why] = await call(gatewayName, { kind: 'renew_tls' });
    if (result === 'ok') return undefined;
    logError(logger, new Error(why), 'tls');
    return why;
  };
  const reloadHandlers = async (): Promise<string | undefined> => {
    const result = await loadHandlers();
    return isRefused(result) ? result.message : undefined;
  };
  return { url: listening.url, renewTls, reloadHandlers, stop, ended };
}

/** Before the port is opened, so that nobody meets what is only built in. */
const handlersPhase = ({ handlers }: Config): StartPhase[] =>
  handlers === undefined
    ? []
    : [
        {
          name: 'handlers',
          run: async () => {
            const result = await loadHandlers();
            return isRefused(result) ? ['error', result] : ['ok'];
          },
        },
      ];

const loadHandlers = (): Promise<Changed | Refused> => call(codeName, { kind: 'reload' }, Infinity);

function makeRouter(config: Config, shards: number, metrics: Metrics, onError: OnError): Router {
  const isAdmin = adminCheck(ensureAdminToken(config.adminTokenFile));
  const router = createRouter({ isAdmin, onError });
  addHealthRoutes(router, {
    readiness: () => readiness(shards),
    metrics: () => printMetrics(metrics),
  });
  addAccountRoutes(router, {
    registration: config.registration,
    shards,
    mayRegister: createAddressRateLimit({
      tokens: config.limits.registrationsPerAddressPerHour,
      periodMs: 60 * MINUTE_MS,
    }),
  });
  addUpgradeRoute(router);
  addCodeRoutes(router);
  router.route('POST', '/v1/admin/backup', () => makeBackup(config.dataDirectory, shards), {
    admin: true,
  });
  return router;
}

async function makeBackup(directory: string, shards: number): Promise<HttpAnswer> {
  const result = await backup(directory, shards);
  if (result.kind === 'failed') return httpError(507, 'storage_full', { message: result.message });
  return { status: 201, body: { directory: result.directory, shards: result.shards } };
}

/** Every store answers and has room. A store that is being restarted does not answer. */
async function readiness(shards: number): Promise<Readiness> {
  const checks = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const name = `store.${shard}`;
      const writable = await call(storeAt(shard), { kind: 'full' }).then(
        full => !full,
        () => false,
      );
      return [name, writable] as const;
    }),
  );
  return { ready: checks.every(([, writable]) => writable), checks: Object.fromEntries(checks) };
}

/** Those of all isolates together. One that does not answer in time is left out: it is being restarted. */
async function printMetrics(metrics: Metrics): ReturnType<Metrics['print']> {
  const asked = connectedIsolates().map(isolate =>
    call(at(keeperName, isolate), { kind: 'metrics' }, METRICS_WITHIN_MS),
  );
  const answers = await Promise.allSettled(asked);
  return metrics.print(
    answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : [])),
  );
}

function gatewayOptions(
  config: Config,
  metrics: Metrics,
  edges: Pick<GatewayOptions, 'http' | 'onError' | 'onNotice'>,
): Omit<GatewayOptions, 'openSession'> {
  const { limits } = config;
  const logins = createAddressRateLimit({
    tokens: limits.loginsPerAddressPerMinute,
    periodMs: MINUTE_MS,
  });
  return {
    host: config.host,
    port: config.port,
    tls: config.tls,
    trustedProxies: config.trustedProxies,
    limits,
    sessionRestarts: config.sessionRestarts,
    retry: config.retry,
    mayLogIn: address => logins.take(address) === 0,
    metrics: metrics.gateway,
    ...edges,
  };
}

function startError(reason: unknown): StartError {
  if (Array.isArray(reason) && reason[0] === 'start_phase_failed') {
    const why: unknown = reason[2];
    // What a phase threw has no code: it is told as any other reason is.
    if (typeof why === 'object' && why !== null && 'code' in why) {
      const { code, message } = why as ListenError;
      return new StartError(code, message);
    }
    return findStartError(why);
  }
  return findStartError(reason);
}
