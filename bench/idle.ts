/**
 * `idle`: what a logged-in connection costs the server in memory while nothing happens. The clients are in a process
 * of their own. The server is warmed up first, so that what its first connections make it allocate once (compiled
 * code, the young heap) is not counted as theirs; memory is read after a collection, when it has settled.
 */
import { inspectorOf } from '../lab/collect-garbage.ts';
import { CrowdProcess } from './crowd/crowd-process.ts';
import type { BenchOptions } from './options.ts';
import { withServer } from './own-server.ts';
import { planOf } from './plans.ts';
import { preparedIdentities, sharedKey } from './prepared-users.ts';
import { machine, type BenchReport } from './report.ts';
import { readMetrics } from './server-metrics.ts';
import { settledMemory } from './settled-memory.ts';

/** Nothing happens for so many seconds before memory is read. */
const plans = {
  quick: { connections: 2_000, seconds: 1 },
  whole: { connections: 15_000, seconds: 5 },
};
const loginsAtOnce = 100;
const requestTimeoutMs = 120_000;
const targetBytes = 5 * 1024;

export async function run(options: BenchOptions): Promise<BenchReport> {
  const { connections: count, seconds: restSeconds } = planOf(plans, options);
  const warm = Math.ceil(count / 5);
  const keyOf = await sharedKey();
  const crowds: CrowdProcess[] = [];
  const gather = async (server: string, from: number, users: number): Promise<CrowdProcess> => {
    const crowd = new CrowdProcess(requestTimeoutMs);
    crowds.push(crowd);
    await crowd.gather(preparedIdentities(server, from, users, keyOf));
    return crowd;
  };
  try {
    let inspector = '';
    const own = {
      users: warm + count,
      keyOf,
      isolates: options.isolates?.[0],
      process: {
        nodeFlags: ['--inspect=127.0.0.1:0'],
        onLog: (line: string) => (inspector ||= inspectorOf(line) ?? ''),
      },
    };
    return await withServer(own, async server => {
      const first = await gather(server.url, 0, warm);
      await first.connect(loginsAtOnce, 'signature');
      await first.leave();
      const before = await settledMemory(server, inspector, restSeconds);
      const others = await gather(server.url, warm, count);
      await others.connect(loginsAtOnce, 'signature');
      const after = await settledMemory(server, inspector, restSeconds);
      const open = (await readMetrics(server.url)).total('strowger_connections');
      if (open !== count) throw new Error(`expected ${count} open connections, got ${open}`);
      const each = (pick: 'residentBytes' | 'heapUsedBytes' | 'externalBytes'): number =>
        (after[pick] - before[pick]) / count;
      return {
        subject: 'idle',
        machine: machine(),
        results: [
          { name: 'connections', value: count, unit: 'logged in and idle' },
          { name: 'server before', value: before.residentBytes / 2 ** 20, unit: 'MiB resident' },
          { name: 'server with them', value: after.residentBytes / 2 ** 20, unit: 'MiB resident' },
          {
            name: 'each connection, resident memory',
            value: each('residentBytes'),
            unit: 'bytes',
            chart: 'memory of an idle connection',
          },
          {
            name: 'each connection, heap of the main thread',
            value: each('heapUsedBytes'),
            unit: 'bytes',
            chart: 'memory of an idle connection',
          },
          {
            name: 'each connection, beside that heap',
            value: each('externalBytes'),
            unit: 'bytes',
            chart: 'memory of an idle connection',
          },
        ],
        ratios: [],
        costs: {
          bytesPerConnection: each('residentBytes'),
          serverBytes: before.residentBytes,
        },
        targets: [
          {
            name: 'resident memory of an idle connection',
            value: each('residentBytes'),
            unit: 'bytes',
            atMost: targetBytes,
          },
        ],
        notes: [
          'Resident memory of the whole server process, all threads included, after minus before, both after a collection of garbage; the memory that the kernel keeps for sockets is not in it.',
          ...(after.settled && before.settled ? [] : ['The memory had not settled in time.']),
        ],
      };
    });
  } finally {
    for (const crowd of crowds) await crowd.end();
  }
}
