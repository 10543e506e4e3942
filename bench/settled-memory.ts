/** The memory of a server that has nothing to do, once its collectors have come to rest. */
import { setTimeout as after } from 'node:timers/promises';
import type { ServerProcess } from '../lab/server-process.ts';
import { collectGarbage } from '../lab/collect-garbage.ts';
import { readMetrics } from './server-metrics.ts';

export interface Memory {
  /** Of the whole process. */
  readonly residentBytes: number;
  /** The heap of the main thread, in use. */
  readonly heapUsedBytes: number;
  /** What its objects hold outside of it. */
  readonly externalBytes: number;
  /** False when it was still changing when the time was over. */
  readonly settled: boolean;
}

/** Readings within the rest that is asked for. */
const readings = 5;
/** How many times the rest may take, until it is given up. */
const patience = 8;
/** Changes below this are no changes. */
const tolerance = 0.005;

/**
 * Resolves when resident memory, read after a collection each time, has stayed the same for so long, or after eight
 * times that. Once will not do: idle clients still say a ping now and then, and what that leaves behind is garbage.
 * @param inspector of the server: it was started with `--inspect`
 */
export async function settledMemory(
  server: ServerProcess,
  inspector: string,
  restSeconds: number,
): Promise<Memory> {
  const restMs = restSeconds * 1000;
  const deadline = performance.now() + restMs * patience;
  let reference = NaN;
  let since = performance.now();
  let settled = false;
  for (;;) {
    await collectGarbage(inspector);
    const now = await server.residentBytes();
    if (!(Math.abs(now - reference) <= reference * tolerance)) {
      reference = now;
      since = performance.now();
    }
    settled = performance.now() - since >= restMs;
    if (settled || performance.now() >= deadline) break;
    await after(restMs / readings);
  }
  const residentBytes = await server.residentBytes();
  const metrics = await readMetrics(server.url);
  return {
    residentBytes,
    heapUsedBytes: metrics.total('strowger_nodejs_heap_size_used_bytes'),
    externalBytes: metrics.total('strowger_nodejs_external_memory_bytes'),
    settled,
  };
}
