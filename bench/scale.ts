/**
 * `scale`: `relay` at full load with ten to ten thousand connections, and with a thousand to a million registered
 * users of which a thousand are connected. From a hundred connections on all rates are to be within 25 % of the best.
 * Rounds take turns; every measurement has a server of its own.
 */
import { Contestant } from './contestant.ts';
import { lengthOf, type BenchOptions } from './options.ts';
import { withServer } from './own-server.ts';
import { keyPairs, preparedIdentities } from './prepared-users.ts';
import { machine, median, type BenchReport } from './report.ts';

interface Setting {
  readonly connections: number;
  readonly users: number;
}

const plans = {
  quick: {
    settings: [
      { connections: 10, users: 1_000 },
      { connections: 100, users: 1_000 },
      { connections: 1_000, users: 1_000 },
      { connections: 1_000, users: 20_000 },
    ],
    rounds: 1,
    warmUpSeconds: 1,
    seconds: 2,
  },
  whole: {
    settings: [
      { connections: 10, users: 100_000 },
      { connections: 100, users: 100_000 },
      { connections: 1_000, users: 100_000 },
      { connections: 10_000, users: 100_000 },
      { connections: 1_000, users: 1_000 },
      { connections: 1_000, users: 1_000_000 },
    ],
    rounds: 3,
    warmUpSeconds: 3,
    seconds: 5,
  },
} as const;

const bodyBytes = 200;
const window = 16;
/** From so many connections on the rates are compared. */
const comparedFrom = 100;
const targetShare = 0.75;

const nameOf = ({ connections, users }: Setting): string =>
  `${connections.toLocaleString('en')} connections, ${users.toLocaleString('en')} users`;

/** @param options `connections` is the most that are wanted: what has more is left out */
export async function run({
  quick,
  isolates,
  connections = Infinity,
  seconds,
}: BenchOptions): Promise<BenchReport> {
  const plan = quick ? plans.quick : plans.whole;
  const { rounds } = plan;
  const settings = plan.settings.filter(setting => setting.connections <= connections);
  const length = lengthOf(plan, seconds);
  const [keys] = await keyPairs(1);
  if (keys === undefined) throw new Error('expected a key pair');
  const keyOf = () => keys;
  const rates = new Map<Setting, number[]>(settings.map(setting => [setting, []]));
  for (let i = 0; i < rounds; i++)
    for (const [setting, found] of rates) {
      const own = { users: setting.users, keyOf, isolates: isolates?.[0] };
      await withServer(own, async server => {
        const contestant = await Contestant.strowger(nameOf(setting), server, {
          server: server.url,
          identities: preparedIdentities(server.url, 0, setting.connections, keyOf),
          bodyBytes,
          window,
          shape: { kind: 'pairs' },
        });
        found.push((await contestant.run(length)).deliveredPerSecond);
        await contestant.close();
      });
    }
  return report(rates);
}

function report(rates: ReadonlyMap<Setting, readonly number[]>): BenchReport {
  const medians = [...rates].map(([setting, found]) => ({ setting, rate: median(found) }));
  const compared = medians.filter(({ setting }) => setting.connections >= comparedFrom);
  const best = Math.max(...compared.map(({ rate }) => rate));
  const worst = Math.min(...compared.map(({ rate }) => rate));
  return {
    subject: 'scale',
    machine: machine(),
    results: medians.map(({ setting, rate }) => ({
      name: nameOf(setting),
      value: rate,
      unit: 'messages/s',
      chart: 'messages a second',
    })),
    ratios: [],
    targets: [
      {
        name: `slowest / fastest from ${comparedFrom} connections on`,
        value: worst / best,
        unit: 'of the best rate',
        atLeast: targetShare,
      },
    ],
    notes: [`Messages under way: ${window} for each connection, as in relay.`],
  };
}
