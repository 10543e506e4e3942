/**
 * `relay`: every message stored with fsync, accepted, delivered, acknowledged and deleted, next to two bare
 * uWebSockets.js relays without accounts and store that the same client code drives in the same run
 * (bench/raw-relay.ts). The servers, the relays and the load generator (this process) are processes of their own;
 * rounds take turns and the medians count.
 */
import { randomBytes } from 'node:crypto';
import { registerUsers } from '../lab/accounts.ts';
import { startServerProcess, type ServerProcess } from '../lab/server-process.ts';
import { Contestant, middleCosts, type Measured } from './contestant.ts';
import { bodyBytes, inPairs, window } from './conversation.ts';
import { costResults, type Costs } from './costs.ts';
import { serverFlags, type BenchOptions } from './options.ts';
import type { MeasuredCosts } from './plan/measured-costs.ts';
import { planOf, type Length, type Plans } from './plans.ts';
import {
  machine,
  median,
  type BenchRatio,
  type BenchReport,
  type BenchResult,
  type BenchTarget,
} from './report.ts';

interface Plan extends Length {
  readonly connections: number;
  readonly rounds: number;
}

const plans: Plans<Plan> = {
  quick: { connections: 1000, rounds: 1, warmUpSeconds: 1, seconds: 2 },
  whole: { connections: 1000, rounds: 5, warmUpSeconds: 2, seconds: 6 },
};

const targetRatio = 0.5;
const targetP99Ms = 10;

const raw = 'raw relay';
const plain = 'raw relay, frame by frame';
const baselines = {
  [raw]:
    'of a bare uWebSockets.js relay that gathers what a loop turn brings; no accounts, no store',
  [plain]:
    'of a bare uWebSockets.js relay that forwards each message as it comes; no accounts, no store',
} as const;

/**
 * One side of the comparison: at full load as fast as it goes; then at half of that rate, in the bursts of a whole
 * window that a closed loop makes, so that both loads have frames of one size. Latencies at half load run from when
 * a burst was due.
 */
interface Round {
  readonly full: Measured;
  readonly half: Measured;
}

export async function run(options: BenchOptions): Promise<BenchReport> {
  const plan = planOf(plans, options);
  const contestants: Contestant[] = [];
  const servers: ServerProcess[] = [];
  try {
    for (const [name, program] of [[raw, []] as const, [plain, ['frame-by-frame']] as const])
      contestants.push(await Contestant.rawRelay(name, program, plan.connections, inPairs));
    for (const isolates of options.isolates ?? [undefined]) {
      const name = isolates === undefined ? 'strowger' : `strowger, ${isolates} isolates`;
      contestants.push(await connect(name, isolates, options.server, plan, servers));
    }
    const rounds = new Map(contestants.map(({ name }) => [name, [] as Round[]]));
    for (let i = 0; i < plan.rounds; i++)
      for (const contestant of contestants)
        rounds.get(contestant.name)?.push(await round(contestant, plan));
    return report(rounds);
  } finally {
    for (const each of contestants) await each.close();
    for (const each of servers) await each.end();
  }
}

async function connect(
  name: string,
  isolates: number | undefined,
  url: string | undefined,
  { connections }: Plan,
  servers: ServerProcess[],
): Promise<Contestant> {
  let server: ServerProcess | null = null;
  if (url === undefined)
    servers.push((server = await startServerProcess({ flags: serverFlags(isolates) })));
  const address = url ?? server?.url ?? '';
  const prefix = `bench-${randomBytes(4).toString('hex')}-`;
  const identities = await registerUsers(address, prefix, connections);
  return Contestant.strowger(name, server, { ...inPairs, server: address, identities });
}

async function round(contestant: Contestant, { warmUpSeconds, seconds }: Plan): Promise<Round> {
  const full = await contestant.run({ warmUpSeconds, seconds });
  const ratePerSecond = full.deliveredPerSecond / 2;
  const half = await contestant.run({ warmUpSeconds, seconds, ratePerSecond, burst: window });
  return { full, half };
}

type Rounds = ReadonlyMap<string, readonly Round[]>;

function report(rounds: Rounds): BenchReport {
  const sides = [...rounds.keys()].toReversed();
  const ours = sides.filter(name => !(name in baselines));
  const ratios = ours.flatMap(name =>
    ([raw, plain] as const).map(baseline => ratio(rounds, name, baseline)),
  );
  return {
    subject: 'relay',
    machine: machine(),
    results: sides.flatMap(name => [...speed(name, rounds), ...cost(name, rounds)]),
    ratios,
    costs: measuredCosts(rounds, ours[0] ?? ''),
    targets: ours.flatMap((name): BenchTarget[] => [
      {
        name: `${name} / ${raw}`,
        value: ratio(rounds, name, raw).value,
        unit: 'of its rate',
        atLeast: targetRatio,
      },
      {
        name: `${name}, half load, end to end p99`,
        value: middle(rounds, name, ({ half }) => half.latencyMs.p99),
        unit: 'ms',
        atMost: targetP99Ms,
      },
    ]),
    notes: [
      'Costs are those of the run at full load. Capacity if cores allow: the rate at which the busiest thread of the server would have no time left, were there a core for each.',
    ],
  };
}

/** What plan reckons with: of the first of our own sides. */
function measuredCosts(rounds: Rounds, name: string): Partial<MeasuredCosts> {
  const costs = middleCosts((rounds.get(name) ?? []).map(({ full }) => full));
  if (costs === null || costs.traffic === null) return {};
  return {
    microsPerMessage: costs.micros,
    busiestMicrosPerMessage: busiestMicros(costs),
    writtenBytesPerMessage: costs.writtenBytes,
    receivedBytesPerMessage: costs.traffic.receivedBytes,
    sentBytesPerMessage: costs.traffic.sentBytes,
    halfLoadP99Ms: middle(rounds, name, ({ half }) => half.latencyMs.p99),
    bodyBytes,
  };
}

const busiestMicros = ({ threads }: Costs): number =>
  Math.max(...threads.map(({ micros }) => micros));

const middle = (rounds: Rounds, name: string, pick: (round: Round) => number): number =>
  median((rounds.get(name) ?? []).map(pick));

/** Round by round, so that what disturbed the machine for a while disturbed both. */
function ratio(rounds: Rounds, name: string, baseline: keyof typeof baselines): BenchRatio {
  const others = rounds.get(baseline) ?? [];
  const quotients = (rounds.get(name) ?? []).map(
    ({ full }, index) => full.deliveredPerSecond / (others[index]?.full.deliveredPerSecond ?? NaN),
  );
  return { name: `${name} / ${baseline}`, value: median(quotients), baseline: baselines[baseline] };
}

function speed(name: string, rounds: Rounds): BenchResult[] {
  return [
    ...(['full', 'half'] as const).map(load => ({
      name: `${name}, ${load} load`,
      value: middle(rounds, name, round => round[load].deliveredPerSecond),
      unit: 'messages/s',
      ...(load === 'full' ? { chart: 'messages a second' } : {}),
    })),
    ...(['full', 'half'] as const).flatMap(load =>
      (['p50', 'p99'] as const).map(percentile => ({
        name: `${name}, ${load} load, end to end ${percentile}`,
        value: middle(rounds, name, round => round[load].latencyMs[percentile]),
        unit: 'ms',
        chart: `latency at ${load} load`,
      })),
    ),
    {
      name: `${name}, load generator`,
      value: middle(rounds, name, ({ full }) => full.generatorCpuSeconds / full.seconds) * 100,
      unit: '% of one core at full load',
    },
  ];
}

function cost(name: string, rounds: Rounds): BenchResult[] {
  const costs = middleCosts((rounds.get(name) ?? []).map(({ full }) => full));
  if (costs === null) return [];
  return [
    {
      name: `${name}, per second of the server's processor time`,
      value: 1e6 / costs.micros,
      unit: 'messages',
      chart: "messages a second of the server's processor time",
    },
    {
      name: `${name}, capacity if cores allow`,
      value: 1e6 / busiestMicros(costs),
      unit: 'messages/s',
      chart: 'capacity if cores allow, messages a second',
    },
    ...costResults(name, costs),
  ];
}
