/** The program of an isolate: a copy of the runtime, connected to the others, with the tree of the shards in it. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import {
  connectIsolate,
  disconnectIsolate,
  joinAs,
  setIsolateCodec,
  setLogger,
  watchTurns,
} from '../../actors/index.ts';
import { application } from '../../supervisors/index.ts';
import type { ApplicationSpec } from '../../supervisors/index.ts';
import { createLogger, logSink } from '../logging.ts';
import { keepCrashesAs } from '../crashes/keep.ts';
import { countRestarts } from '../metrics/count-restarts.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { observeIsolate } from '../observer/arguments.ts';
import { isolateServices } from '../services.ts';
import { StartLog } from '../start-log.ts';
import { isolateCodec } from './codec.ts';
import { Heartbeat } from './heartbeat.ts';
import { KeptMemory } from './memory.ts';
import { ownThread } from './processor-time.ts';
import { startIsolateTree } from './tree.ts';
import {
  ISOLATE_PROTOCOL,
  type Begin,
  type FromWorker,
  type ToWorker,
  type WorkerData,
} from './worker-data.ts';

const APPLICATION = 'isolate';
const MIB = 1024 * 1024;

export function runIsolate(): void {
  const data = workerData as WorkerData;
  const port = parentPort;
  if (port === null) throw new Error('an isolate runs in a worker thread; start `strowger serve`');
  if (data.protocol === ISOLATE_PROTOCOL)
    port.once('message', (message: Begin) => void begin(port, data, message));
  else
    port.postMessage({
      kind: 'refused',
      message: `it speaks version ${ISOLATE_PROTOCOL} between isolates, the server ${data.protocol}: restart the server instead`,
    } satisfies FromWorker);
}

async function begin(
  port: MessagePort,
  data: WorkerData,
  { isolate, creation, ports, holdLog }: Begin,
): Promise<void> {
  const tell = (message: FromWorker): void => {
    port.postMessage(message);
  };
  joinAs(isolate, creation);
  setIsolateCodec(isolateCodec());
  for (const [other, channel] of ports) connectIsolate(other, channel);

  const metrics = createMetrics();
  const observing = data.config.observer ? observeIsolate(metrics) : undefined;
  const lines = countRestarts(
    metrics.server,
    logSink(createLogger({ level: data.config.logLevel })),
  );
  const log = new StartLog(observing?.sink(lines) ?? lines);
  setLogger(log.sink);
  keepCrashesAs(data);
  if (!holdLog) log.release();
  port.on('message', (message: Exclude<ToWorker, Begin>) => {
    switch (message.kind) {
      case 'connect':
        connectIsolate(message.isolate, message.port);
        return;
      case 'disconnect':
        disconnectIsolate(message.isolate);
        return;
      case 'release_log':
        log.release();
        return;
      case 'stop':
        void application.stop(APPLICATION).then(() => process.exit(0));
        return;
    }
  });
  const heartbeat = new Heartbeat(data.heartbeat);
  beat(heartbeat, data);
  const services = isolateServices(data, metrics);
  const tree: ApplicationSpec = {
    name: APPLICATION,
    start: () =>
      startIsolateTree({
        ...services,
        ...(observing === undefined ? {} : { observer: observing.argument }),
        openShard: shard => heartbeat.excuse(() => services.openShard(shard)),
      }),
  };
  const started = await application.start(tree, 'permanent');
  if (started === 'ok') tell({ kind: 'up' });
  else tell({ kind: 'refused', message: JSON.stringify(started[1]) });
}

function beat(heartbeat: Heartbeat, { config }: WorkerData): void {
  watchTurns(heartbeat.running);
  heartbeat.thread = ownThread();
  const memory = new KeptMemory(config.isolates.heapMb * MIB);
  const tick = (): void => {
    // A collection of a large heap may take longer than a heartbeat.
    heartbeat.beat(heartbeat.excuse(() => memory.look()));
  };
  tick();
  setInterval(tick, Math.min(Math.max(config.isolates.heartbeatMs / 10, 10), 100));
}

runIsolate();
