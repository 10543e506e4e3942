/** The memory of a server that has nothing to do, once its collectors have come to rest. */
import { setTimeout as after } from 'node:timers/promises';
import type { ServerProcess } from '../lab/server-process.ts';
import { readMetrics } from './server-metrics.ts';

export interface Memory {
  /** Of the whole process. */
  readonly residentBytes: number;
  /** JavaScript's heap, in use. */
  readonly heapUsedBytes: number;
  /** What JavaScript objects hold outside of it. */
  readonly externalBytes: number;
  /** False when it was still changing when the time was over. */
  readonly settled: boolean;
}

const readingMs = 1000;
/** V8 collects an idle heap some eight seconds after it came to rest, in steps. */
const restMs = { quick: 2_000, whole: 12_000 };
const patienceMs = { quick: 10_000, whole: 90_000 };
/** Changes below this are no changes. */
const tolerance = 0.005;

/** Resolves when resident memory has stayed the same for a while, or after a bounded time. */
export async function settledMemory(
  server: ServerProcess,
  { quick }: { readonly quick: boolean },
): Promise<Memory> {
  const length = quick ? 'quick' : 'whole';
  const deadline = performance.now() + patienceMs[length];
  let reference = await server.residentBytes();
  let since = performance.now();
  let settled = false;
  while (!settled && performance.now() < deadline) {
    await after(readingMs);
    const now = await server.residentBytes();
    if (Math.abs(now - reference) > reference * tolerance) {
      reference = now;
      since = performance.now();
    }
    settled = performance.now() - since >= restMs[length];
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
