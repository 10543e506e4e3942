/**
 * A worker thread with the program of the isolates. It loads its modules and waits to be told which isolate it is
 * (`begin`), so it can be made long before it is needed.
 */
import { Worker } from 'node:worker_threads';
import { Heartbeat } from './heartbeat.ts';
import { HEADROOM_MB, YOUNG_GENERATION_MB } from './memory.ts';
import { ISOLATE_PROTOCOL, type IsolateSettings, type WorkerData } from './worker-data.ts';
import { workerEntry } from './worker-entry.ts';

export interface Thread {
  readonly worker: Worker;
  readonly heartbeat: Heartbeat;
  /** The program that it was started with. */
  readonly entry: string | URL;
  /** Why it has ended, once it has: its files are closed then. */
  readonly ended: Promise<string>;
}

export function startThread(settings: IsolateSettings): Thread {
  const heartbeat = new Heartbeat();
  const entry = workerEntry();
  const data: WorkerData = {
    ...settings,
    strowger: 'isolate',
    protocol: ISOLATE_PROTOCOL,
    heartbeat: heartbeat.memory,
  };
  const worker = new Worker(entry, {
    name: 'isolate',
    workerData: data,
    resourceLimits: {
      // Never to be reached: see memory.ts.
      maxOldGenerationSizeMb: settings.config.isolates.heapMb + HEADROOM_MB,
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
    },
  });
  return { worker, heartbeat, entry, ended: endOf(worker) };
}

/** An `error` comes before its `exit`, which says when the thread is gone. */
function endOf(worker: Worker): Promise<string> {
  return new Promise(resolve => {
    let why: string | undefined;
    worker.on('error', thrown => {
      why = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    });
    worker.once('exit', code => {
      resolve(why ?? `exit code ${code}`);
    });
  });
}
