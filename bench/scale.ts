/**
 * `scale`: `relay` at full load with ten to ten thousand connections, and with a thousand to a million registered
 * users of which a thousand are connected. From a hundred connections on all rates are to be within 25 % of the best.
 * Rounds take turns; every measurement has a server of its own, on a directory that serves for all rounds.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contestant } from './contestant.ts';
import { inPairs, window } from './conversation.ts';
import { shardsFor, type BenchOptions } from './options.ts';
import { withServer } from './own-server.ts';
import { planOf, type Length, type Plans } from './plans.ts';
import { prepareUsers, preparedIdentities, sharedKey } from './prepared-users.ts';
import { machine, median, type BenchReport } from './report.ts';

interface Setting {
  readonly connections: number;
  readonly users: number;
}

interface Plan extends Length {
  readonly settings: readonly Setting[];
  readonly rounds: number;
}

const plans: Plans<Plan> = {
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
};

/** From so many connections on the rates are compared. */
const comparedFrom = 100;
const targetShare = 0.75;

const nameOf = ({ connections, users }: Setting): string =>
  `${connections.toLocaleString('en')} connections, ${users.toLocaleString('en')} users`;

/** @param options `connections` is the most that are wanted: what has more is left out */
export async function run(options: BenchOptions): Promise<BenchReport> {
  const { isolates, connections = Infinity } = options;
  const { settings: all, rounds, ...length } = planOf(plans, options);
  const settings = all.filter(setting => setting.connections <= connections);
  const keyOf = await sharedKey();
  const rates = new Map<Setting, number[]>(settings.map(setting => [setting, []]));
  const failures: string[] = [];
  const root = await mkdtemp(join(tmpdir(), 'strowger-scale-'));
  const directoryOf = (users: number): string => join(root, String(users));
  const rate = (setting: Setting): Promise<number> => {
    const { users } = setting;
    const own = { users, keyOf, isolates: isolates?.[0], directory: directoryOf(users) };
    return withServer(own, async server => {
      const contestant = await Contestant.strowger(nameOf(setting), server, {
        server: server.url,
        identities: preparedIdentities(server.url, 0, setting.connections, keyOf),
        ...inPairs,
      });
      try {
        return (await contestant.run(length)).deliveredPerSecond;
      } finally {
        await contestant.close();
      }
    });
  };
  const prepare = (users: number): Promise<void> =>
    prepareUsers(directoryOf(users), users, shardsFor(isolates?.[0]), keyOf);
  try {
    for (const users of new Set(settings.map(setting => setting.users))) await prepare(users);
    for (let i = 0; i < rounds; i++)
      for (const [setting, found] of rates)
        // A size that the server does not carry is a figure too: none.
        await rate(setting).then(
          perSecond => found.push(perSecond),
          async (error: unknown) => {
            found.push(0);
            failures.push(`${nameOf(setting)}: ${String(error)}`);
            // What it has left in mailboxes is no message of the next one.
            await rm(directoryOf(setting.users), { recursive: true, force: true });
            await prepare(setting.users);
          },
        );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return report(rates, failures);
}

function report(
  rates: ReadonlyMap<Setting, readonly number[]>,
  failures: readonly string[],
): BenchReport {
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
    notes: [
      `Messages under way: ${window} for each connection, as in relay.`,
      ...failures.map(failure => `A run failed and counts as 0: ${failure}`),
    ],
  };
}
