/**
 * `peers`: the same conversation on other servers: pairs in a closed loop, the same number of connections, bodies
 * and messages under way, in rounds that take turns. XMPP servers are driven by lab/xmpp/, which is as lean as our own
 * load generator. What each does for a message before its sender may forget it differs, and is told with the figures.
 */
import { ejabberd } from '../lab/xmpp/ejabberd.ts';
import { prosody } from '../lab/xmpp/prosody.ts';
import type { XmppServerKind } from '../lab/xmpp/xmpp-server.ts';
import { Contestant, middleCosts, type Measured } from './contestant.ts';
import { bodyBytes, inPairs, window } from './conversation.ts';
import type { BenchOptions } from './options.ts';
import { withServer } from './own-server.ts';
import { planOf, type Length } from './plans.ts';
import { preparedIdentities, sharedKey } from './prepared-users.ts';
import { machine, median, type BenchReport, type BenchResult } from './report.ts';

const plans = {
  quick: { connections: 200, rounds: 1, warmUpSeconds: 1, seconds: 2 },
  whole: { connections: 1_000, rounds: 3, warmUpSeconds: 2, seconds: 6 },
};

interface Peer {
  readonly name: string;
  readonly kind: XmppServerKind;
  readonly acknowledge: boolean;
  readonly durability: string;
}

const subject = 'strowger';
/** The one that the targets are about. */
const rival = 'ejabberd';

const peers: readonly Peer[] = [
  {
    name: rival,
    kind: ejabberd({ archive: false }),
    acknowledge: false,
    durability:
      'nothing: a message to somebody who is online passes through memory, its sender is told nothing',
  },
  {
    name: 'ejabberd, stream management',
    kind: ejabberd({ archive: false }),
    acknowledge: true,
    durability:
      'nothing on disk: its sender is told that the server has read it (XEP-0198), which keeps it in memory until the receiver has acknowledged it',
  },
  {
    name: 'ejabberd, archive',
    kind: ejabberd({ archive: true }),
    acknowledge: true,
    durability:
      'written to an archive (XEP-0313, Mnesia) without fsync, for both users; acknowledged (XEP-0198) whatever the disk has',
  },
  {
    name: 'prosody',
    kind: prosody,
    acknowledge: false,
    durability: 'nothing, as ejabberd',
  },
];

const ourDurability =
  'every message stored with fsync before its sender is told `accepted`, delivered, acknowledged by the receiver and deleted';

interface Round {
  readonly full: Measured;
  /** At half of the rate of the slower one of itself and ejabberd. */
  readonly half: Measured;
}

export async function run(options: BenchOptions): Promise<BenchReport> {
  const plan = planOf(plans, options);
  const missing = await ejabberd({ archive: false }).missing();
  if (missing !== null) throw new Error(missing);
  const withProsody = (await prosody.missing()) === null;
  const present = peers.filter(({ kind }) => kind !== prosody || withProsody);
  const keyOf = await sharedKey();
  const own = { users: plan.connections, keyOf, isolates: options.isolates?.[0] };
  return withServer(own, async server => {
    const contestants: Contestant[] = [];
    try {
      contestants.push(
        await Contestant.strowger(subject, server, {
          server: server.url,
          identities: preparedIdentities(server.url, 0, plan.connections, keyOf),
          ...inPairs,
        }),
      );
      for (const { name, kind, acknowledge } of present)
        contestants.push(
          await Contestant.xmpp(name, kind, plan.connections, { bodyBytes, window, acknowledge }),
        );
      const rounds: Map<string, Round>[] = [];
      for (let i = 0; i < plan.rounds; i++) rounds.push(await round(contestants, plan));
      return report(rounds, present, withProsody);
    } finally {
      for (const each of contestants) await each.close();
    }
  });
}

async function round(
  contestants: readonly Contestant[],
  { warmUpSeconds, seconds }: Length,
): Promise<Map<string, Round>> {
  const full = new Map<Contestant, Measured>();
  for (const each of contestants) full.set(each, await each.run({ warmUpSeconds, seconds }));
  const rivals = [...full].find(([{ name }]) => name === rival)?.[1].deliveredPerSecond ?? NaN;
  const found = new Map<string, Round>();
  for (const [each, fastest] of full) {
    const ratePerSecond = Math.min(fastest.deliveredPerSecond, rivals) / 2;
    const half = await each.run({ warmUpSeconds, seconds, ratePerSecond, burst: window });
    found.set(each.name, { full: fastest, half });
  }
  return found;
}

function report(
  rounds: readonly Map<string, Round>[],
  present: readonly Peer[],
  withProsody: boolean,
): BenchReport {
  const of = (name: string): Round[] => rounds.flatMap(found => found.get(name) ?? []);
  const middle = (name: string, pick: (round: Round) => number): number =>
    median(of(name).map(pick));
  const rate = (name: string): number => middle(name, ({ full }) => full.deliveredPerSecond);
  const p99 = (name: string, load: keyof Round): number =>
    middle(name, found => found[load].latencyMs.p99);
  const names = [subject, ...present.map(({ name }) => name)];
  return {
    subject: 'peers',
    machine: machine(),
    results: names.flatMap((name): BenchResult[] => [
      {
        name: `${name}, full load`,
        value: rate(name),
        unit: 'messages/s',
        chart: 'messages a second',
      },
      {
        name: `${name}, full load, end to end p99`,
        value: p99(name, 'full'),
        unit: 'ms',
        chart: 'p99 at full load',
      },
      {
        name: `${name}, at a given rate`,
        value: middle(name, ({ half }) => half.deliveredPerSecond),
        unit: 'messages/s',
      },
      {
        name: `${name}, at a given rate, end to end p99`,
        value: p99(name, 'half'),
        unit: 'ms',
        chart: 'p99 at a given rate',
      },
      {
        name: `${name}, server`,
        value: middleCosts(of(name).map(({ full }) => full))?.micros ?? NaN,
        unit: 'µs of CPU per message',
        chart: 'cost of a message',
      },
      {
        name: `${name}, load generator`,
        value: middle(name, ({ full }) => full.generatorCpuSeconds / full.seconds) * 100,
        unit: '% of one core at full load',
      },
    ]),
    ratios: present.map(({ name }) => ({
      name: `${subject} / ${name}`,
      value: rate(subject) / rate(name),
      baseline: 'of its rate, same conversation, same run',
    })),
    targets: [
      {
        name: `${subject} / ${rival}`,
        value: rate(subject) / rate(rival),
        unit: 'of its rate',
        atLeast: 1,
      },
      ...(['full', 'half'] as const).map(load => ({
        name: `p99 ${load === 'full' ? 'at full load' : 'at the same rate'}, ${subject}, next to ${rival}`,
        value: p99(subject, load),
        unit: 'ms',
        atMost: p99(rival, load),
      })),
    ],
    notes: [
      `What is done for a message: ${subject}: ${ourDurability}.`,
      ...present.map(({ name, durability }) => `${name}: ${durability}.`),
      `The given rate is half of ${rival}'s or of its own, whichever is less.`,
      ...(withProsody ? [] : ['Prosody is not installed: `apt-get install prosody`.']),
    ],
  };
}
