/**
 * `fanout`: a group of 1,024, everybody connected; a few of them talk. Each message is stored once for every other
 * member, delivered to each, acknowledged by each and deleted; a delivery is one message at one member.
 */
import { Contestant, middleCosts, type Measured } from './contestant.ts';
import { bodyBytes } from './conversation.ts';
import { costResults } from './costs.ts';
import type { BenchOptions } from './options.ts';
import { withServer } from './own-server.ts';
import { planOf } from './plans.ts';
import { preparedIdentities, sharedKey } from './prepared-users.ts';
import { machine, median, type BenchReport } from './report.ts';

const plans = {
  quick: { connections: 1_024, rounds: 1, warmUpSeconds: 1, seconds: 2 },
  whole: { connections: 1_024, rounds: 5, warmUpSeconds: 2, seconds: 6 },
};
const speakers = 8;
/** Messages under way per speaker: sixteen thousand deliveries in all, as many as in `relay`. */
const window = 2;
const target = 250_000;

export async function run(options: BenchOptions): Promise<BenchReport> {
  const { connections: size, rounds, ...length } = planOf(plans, options);
  const keyOf = await sharedKey();
  const full: Measured[] = [];
  const half: Measured[] = [];
  await withServer({ users: size, keyOf, isolates: options.isolates?.[0] }, async server => {
    const contestant = await Contestant.strowger('strowger', server, {
      server: server.url,
      identities: preparedIdentities(server.url, 0, size, keyOf),
      bodyBytes,
      window,
      shape: { kind: 'groups', members: size, speakers: Math.min(speakers, size) },
    });
    for (let i = 0; i < rounds; i++) {
      const fastest = await contestant.run(length);
      full.push(fastest);
      const ratePerSecond = fastest.deliveredPerSecond / (size - 1) / 2;
      half.push(await contestant.run({ ...length, ratePerSecond }));
    }
    await contestant.close();
  });
  const perSecond = median(full.map(({ deliveredPerSecond }) => deliveredPerSecond));
  const costs = middleCosts(full);
  return {
    subject: 'fanout',
    machine: machine(),
    results: [
      { name: 'members, all connected', value: size, unit: 'devices' },
      { name: 'full load', value: perSecond, unit: 'deliveries/s', chart: 'deliveries a second' },
      { name: 'messages sent at full load', value: perSecond / (size - 1), unit: 'messages/s' },
      ...[['full', full] as const, ['half', half] as const].flatMap(([load, runs]) =>
        (['p50', 'p99'] as const).map(percentile => ({
          name: `${load} load, end to end ${percentile}`,
          value: median(runs.map(({ latencyMs }) => latencyMs[percentile])),
          unit: 'ms',
          chart: 'latency of a delivery',
        })),
      ),
      {
        name: 'load generator',
        value: median(full.map(run => run.generatorCpuSeconds / run.seconds)) * 100,
        unit: '% of one core at full load',
      },
      ...(costs === null
        ? []
        : [
            {
              name: "per second of the server's processor time",
              value: 1e6 / costs.micros,
              unit: 'deliveries',
              chart: 'deliveries a second',
            },
            ...costResults('delivery', costs),
          ]),
    ],
    ratios: [],
    ...(costs === null ? {} : { costs: { microsPerDelivery: costs.micros } }),
    targets: [{ name: 'full load', value: perSecond, unit: 'deliveries/s', atLeast: target }],
  };
}
