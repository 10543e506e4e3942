/**
 * `storm`: everybody comes back after the server was killed (-9) and started again. Measured is the time from the
 * server's `ready` until the last client is served (has its `state`), in two manners: `at once`, clients without
 * manners that try again every 100 ms, and `as clients do`, with the SDK's backoff and jitter, which a killed server
 * had no chance to shorten or lengthen (it said no `retryAfterMs`; where a restarted one says it, both wait for it).
 * Clients show their tickets, as real ones do.
 */
import { defaultBackoff } from '../client/backoff.ts';
import type { LatencySummary } from '../lab/latency.ts';
import { CrowdProcess } from './crowd/crowd-process.ts';
import type { Manner } from './crowd/protocol.ts';
import type { BenchOptions } from './options.ts';
import { withServer } from './own-server.ts';
import { planOf } from './plans.ts';
import { preparedIdentities, sharedKey } from './prepared-users.ts';
import { machine, median, type BenchReport, type BenchResult } from './report.ts';

const plans = {
  quick: { connections: 1_000, rounds: 1 },
  whole: { connections: 10_000, rounds: 3 },
};
const loginsAtOnce = 100;
const requestTimeoutMs = 120_000;
const targetSeconds = 10;

const manners = {
  'at once': { kind: 'fixed', pauseMs: 100 },
  'as clients do': {
    kind: 'backoff',
    options: { firstMs: defaultBackoff.firstMs, longestMs: defaultBackoff.longestMs },
  },
} as const satisfies Record<string, Manner>;
type MannerName = keyof typeof manners;
const mannerNames = Object.keys(manners) as MannerName[];

interface Storm {
  readonly servedMs: LatencySummary;
  readonly attempts: number;
  readonly startMs: number;
}

export async function run(options: BenchOptions): Promise<BenchReport> {
  const { connections: count, rounds: times } = planOf(plans, options);
  const keyOf = await sharedKey();
  const crowd = new CrowdProcess(requestTimeoutMs);
  const rounds: Record<MannerName, Storm>[] = [];
  try {
    await withServer({ users: count, keyOf, isolates: options.isolates?.[0] }, async server => {
      await crowd.gather(preparedIdentities(server.url, 0, count, keyOf));
      await crowd.connect(loginsAtOnce, 'signature');
      const storm = async (name: MannerName): Promise<Storm> => {
        await crowd.persist(manners[name]);
        await server.kill();
        const startMs = await server.start();
        return { startMs, ...(await crowd.settle(Date.now())) };
      };
      for (let i = 0; i < times; i++)
        rounds.push({
          'at once': await storm('at once'),
          'as clients do': await storm('as clients do'),
        });
    });
  } finally {
    await crowd.end();
  }
  return report(rounds, count);
}

function report(rounds: readonly Record<MannerName, Storm>[], count: number): BenchReport {
  const middle = (pick: (round: (typeof rounds)[number]) => number): number =>
    median(rounds.map(pick));
  const allServed = (name: MannerName): number => middle(round => round[name].servedMs.max / 1000);
  const results = mannerNames.flatMap((name): BenchResult[] => [
    {
      name: `${name}: half are served`,
      value: middle(round => round[name].servedMs.p50 / 1000),
      unit: 's after ready',
      chart: 'served again',
    },
    {
      name: `${name}: 99 % are served`,
      value: middle(round => round[name].servedMs.p99 / 1000),
      unit: 's after ready',
      chart: 'served again',
    },
    {
      name: `${name}: all are served`,
      value: allServed(name),
      unit: 's after ready',
      chart: 'served again',
    },
    {
      name: `${name}: connections tried for each client`,
      value: middle(round => round[name].attempts / count),
      unit: 'attempts',
    },
  ]);
  return {
    subject: 'storm',
    machine: machine(),
    results: [
      { name: 'clients', value: count, unit: 'clients' },
      {
        name: 'kill -9 to ready',
        value: middle(round => round['at once'].startMs / 1000),
        unit: 's',
      },
      ...results,
    ],
    ratios: [],
    targets: mannerNames.map(name => ({
      name: `all are served, ${name}`,
      value: allServed(name),
      unit: 's after ready',
      atMost: targetSeconds,
    })),
  };
}
