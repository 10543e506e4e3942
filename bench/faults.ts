/**
 * `faults`: what one isolate's end does to everybody. A server with two isolates, talked to in pairs that live in one
 * isolate each, at a tenth of the load that it has just reached; then isolate 1 is made to loop, to allocate, to throw
 * or to exit, while the load goes on. Every message is followed by the delivery oracle.
 */
import { fileURLToPath } from 'node:url';
import type { Fault, FaultBegun, FaultOrder } from '../lab/faults.ts';
import type { LatencySummary } from '../lab/latency.ts';
import type { RunOptions } from '../lab/load-loop.ts';
import { Load } from '../lab/load.ts';
import { findingKinds, type FindingKind } from '../lab/verdict.ts';
import { Witness } from '../lab/witness.ts';
import type { DeviceId } from '../protocol/ids.ts';
import { shardOf } from '../protocol/shard.ts';
import { place } from '../server/isolates/placement.ts';
import { inPairs } from './conversation.ts';
import { EndedIsolates } from './ended-isolates.ts';
import type { BenchOptions } from './options.ts';
import { planOf, type Length, type Plans } from './plans.ts';
import { withServer } from './own-server.ts';
import { preparedIdentities, preparedUser, sharedKey } from './prepared-users.ts';
import { machine, median, type BenchReport, type BenchResult, type BenchTarget } from './report.ts';

interface Plan extends Length {
  readonly connections: number;
  readonly rounds: number;
}

const plans: Plans<Plan> = {
  quick: { connections: 1_000, rounds: 1, warmUpSeconds: 1, seconds: 2 },
  whole: { connections: 1_000, rounds: 3, warmUpSeconds: 3, seconds: 5 },
};

const isolates = [1, 2] as const;
const shards = 4;
const share = 0.1;
/** Latencies are those of so long before and after a fault; shorter where the measurements are to be. */
const secondsBefore = 1;
const secondsAfter = 4;
/** Whatever is waited for comes sooner, or something is wrong. */
const patienceMs = 30_000;
const targetP99Ms = 50;
const targetServedSeconds = 2;

const faults = {
  'endless loop': 'loop',
  'endless allocation': 'allocate',
  'throw outside of any process': 'throw where nobody owns it',
  'process.exit': 'process.exit',
} as const satisfies Record<string, Fault>;
type FaultName = keyof typeof faults;
const faultNames = Object.keys(faults) as FaultName[];

/** The users of one isolate, with their load. */
interface Side {
  readonly load: Load;
  readonly witness: Witness;
  readonly users: number;
}

interface Stage {
  /** The isolate that has faults, and the other one. */
  readonly struck: Side;
  readonly spared: Side;
  readonly ended: EndedIsolates;
  readonly ratePerSecond: number;
  readonly order: (order: FaultOrder) => Promise<FaultBegun>;
}

/** What one fault did. */
interface Outcome {
  readonly socketsClosed: number;
  /** What the oracle found, of both sides. */
  readonly findings: Readonly<Record<FindingKind, number>>;
  readonly undecided: number;
  readonly submitted: number;
  /** Users of the other isolate who were told `state`. */
  readonly noticed: number;
  readonly latencyMs: LatencySummary;
  readonly reportedAfterMs: number;
  readonly servedAfterMs: number;
  readonly servedAfterReportMs: number;
}

export async function run(options: BenchOptions): Promise<BenchReport> {
  const plan = planOf(plans, options);
  const { connections: count } = plan;
  if (count % 4 !== 0) throw new RangeError(`expected a multiple of 4 connections, got ${count}`);
  const indexes = isolates.map(isolate => usersOf(isolate, count / 2));
  const keyOf = await sharedKey();
  const ended = new EndedIsolates();
  let office = '';
  const own = {
    users: Math.max(...indexes.flat()) + 1,
    ...{ keyOf, shards, isolates: isolates.length },
    process: {
      serve: fileURLToPath(new URL('./faulty-server.js', import.meta.url)),
      onLog: (line: string) => {
        office ||= /^orders (\S+)$/.exec(line)?.[1] ?? '';
        ended.read(line);
      },
    },
  };
  return withServer(own, async server => {
    const sides: Side[] = [];
    try {
      for (const each of indexes) {
        const witness = new Witness();
        const identities = each.flatMap(index => preparedIdentities(server.url, index, 1, keyOf));
        const load = await Load.connect({
          ...{ ...inPairs, server: server.url, identities, witness },
        });
        sides.push({ load, witness, users: each.length });
      }
      const [struck, spared] = sides;
      if (struck === undefined || spared === undefined) throw new Error('expected two isolates');
      const full = await fullLoad(sides, plan);
      const order = (given: FaultOrder): Promise<FaultBegun> => orderAt(office, given);
      const stage = { struck, spared, ended, order, ratePerSecond: full * share };
      const calm = await calmOf(stage, plan.seconds);
      return report(count, full, calm, await strike(stage, plan));
    } finally {
      for (const { load } of sides) load.close();
    }
  });
}

/** The first so many prepared users whose shard is in the isolate. */
function usersOf(isolate: number, count: number): number[] {
  const placement = place(shards, isolates);
  const found: number[] = [];
  for (let index = 0; found.length < count; index++)
    if (placement[shardOf(preparedUser(index), shards)] === isolate) found.push(index);
  return found;
}

async function fullLoad(sides: readonly Side[], length: Length): Promise<number> {
  const results = await Promise.all(sides.map(({ load }) => load.run(length)));
  return results.reduce((sum, { deliveredPerSecond }) => sum + deliveredPerSecond, 0);
}

/** What the same users have at the same load while nothing happens. */
async function calmOf(
  { struck, spared, ratePerSecond }: Stage,
  seconds: number,
): Promise<LatencySummary> {
  const options = loadAround(seconds, ratePerSecond);
  const [, { latencyMs }] = await Promise.all([struck.load.run(options), spared.load.run(options)]);
  return latencyMs;
}

/** Of one of the two isolates; the fault comes after twice the warming up. */
function loadAround(seconds: number, ratePerSecond: number): RunOptions {
  const before = Math.min(secondsBefore, seconds);
  return {
    warmUpSeconds: before,
    seconds: before + Math.min(secondsAfter, secondsAfter * seconds),
    ratePerSecond: ratePerSecond / isolates.length,
    giveUpAfterMs: patienceMs,
  };
}

type Outcomes = ReadonlyMap<FaultName, readonly Outcome[]>;

async function strike(stage: Stage, { rounds, seconds }: Plan): Promise<Outcomes> {
  const outcomes = new Map(faultNames.map(name => [name, [] as Outcome[]]));
  // Always somebody else's session: who holds up an isolate twice in a minute is rightly sent away.
  const struck: DeviceId[] = [];
  for (let i = 0; i < rounds; i++)
    for (const name of faultNames) {
      const { device, ...outcome } = await outcomeOf(faults[name], struck, stage, seconds);
      struck.push(device);
      outcomes.get(name)?.push(outcome);
    }
  return outcomes;
}

async function outcomeOf(
  fault: Fault,
  notAgain: readonly DeviceId[],
  { struck, spared, ended, ratePerSecond, order }: Stage,
  seconds: number,
): Promise<Outcome & { readonly device: DeviceId }> {
  const sides = [struck, spared];
  for (const { witness } of sides) witness.begin();
  const options = loadAround(seconds, ratePerSecond);
  const isolate = isolates[0];
  const faultOf = async (): Promise<readonly [FaultBegun, number, number]> => {
    await new Promise(resolve => setTimeout(resolve, 2 * (options.warmUpSeconds ?? 0) * 1000));
    const reported = ended.next(isolate, patienceMs);
    const [begun, reportedAt] = await Promise.all([
      order({ fault, isolate, device: undefined, spared: notAgain }),
      reported,
    ]);
    return [begun, reportedAt, await struck.witness.allServed(struck.users, patienceMs)];
  };
  const [[begun, reportedAt, servedAt], , { latencyMs }] = await Promise.all([
    faultOf(),
    struck.load.run(options),
    spared.load.run(options),
  ]);
  const verdicts = sides.map(({ witness }) => witness.verdict());
  const sum = (pick: (verdict: (typeof verdicts)[number]) => number): number =>
    verdicts.reduce((total, verdict) => total + pick(verdict), 0);
  const findings = Object.fromEntries(
    findingKinds.map(kind => [kind, sum(verdict => verdict[kind].length)]),
  ) as Record<FindingKind, number>;
  return {
    device: begun.device,
    socketsClosed: sides.reduce((total, { witness }) => total + witness.disconnections, 0),
    findings,
    undecided: sum(({ counts }) => counts.undecided),
    submitted: sum(({ counts }) => counts.submitted),
    noticed: spared.witness.toldStates,
    latencyMs,
    reportedAfterMs: reportedAt - begun.at,
    servedAfterMs: servedAt - begun.at,
    servedAfterReportMs: servedAt - reportedAt,
  };
}

async function orderAt(office: string, order: FaultOrder): Promise<FaultBegun> {
  const response = await fetch(office, {
    method: 'POST',
    body: JSON.stringify(order),
    signal: AbortSignal.timeout(patienceMs),
  });
  return (await response.json()) as FaultBegun;
}

function report(
  connections: number,
  full: number,
  calm: LatencySummary,
  outcomes: Outcomes,
): BenchReport {
  return {
    subject: 'faults',
    machine: machine(),
    results: [
      { name: 'connections', value: connections, unit: 'in pairs within an isolate' },
      { name: 'full load', value: full, unit: 'messages/s' },
      { name: 'load during the faults', value: full * share, unit: 'messages/s' },
      ...(['p50', 'p99', 'max'] as const).map(which => ({
        name: `no fault: the other isolate, end to end ${which}`,
        value: calm[which],
        unit: 'ms',
        ...(which === 'max' ? {} : { chart: latencyChart }),
      })),
      ...faultNames.flatMap(name => results(name, outcomes.get(name) ?? [])),
    ],
    ratios: [],
    targets: faultNames.flatMap(name => targets(name, outcomes.get(name) ?? [])),
    notes: [
      `Of several rounds the worst. Latencies are those of the ${secondsBefore} s before and the ${secondsAfter} s after the fault. Served again: told its state, and had accepted what it then offered again.`,
    ],
  };
}

const latencyChart = "latency of the other isolate's users";
const servedChart = 'until all users of the isolate are served again';

const worst = (rounds: readonly Outcome[], pick: (outcome: Outcome) => number): number =>
  Math.max(...rounds.map(pick));

/** What may be wrong with a message beside the three that have a line of their own. */
const otherwiseWrong = ({ findings, undecided }: Outcome): number =>
  undecided +
  findingKinds
    .filter(kind => kind !== 'lost' && kind !== 'doubled' && kind !== 'reordered')
    .reduce((sum, kind) => sum + findings[kind], 0);

const wrong = (outcome: Outcome): number =>
  otherwiseWrong(outcome) +
  outcome.findings.lost +
  outcome.findings.doubled +
  outcome.findings.reordered;

function results(name: FaultName, rounds: readonly Outcome[]): BenchResult[] {
  const line = (
    text: string,
    unit: string,
    pick: (outcome: Outcome) => number,
    chart?: string,
  ): BenchResult => ({
    name: `${name}: ${text}`,
    value: worst(rounds, pick),
    unit,
    ...(chart === undefined ? {} : { chart }),
  });
  return [
    {
      name: `${name}: messages sent meanwhile`,
      value: median(rounds.map(({ submitted }) => submitted)),
      unit: 'messages',
    },
    line('sockets closed', 'sockets', ({ socketsClosed }) => socketsClosed),
    line('messages lost', 'messages', ({ findings }) => findings.lost),
    line('messages doubled', 'messages', ({ findings }) => findings.doubled),
    line('messages reordered', 'messages', ({ findings }) => findings.reordered),
    line('messages wrong otherwise or undecided', 'messages', otherwiseWrong),
    line("the other isolate's users who noticed", 'users', ({ noticed }) => noticed),
    line('the other isolate, end to end p50', 'ms', ({ latencyMs }) => latencyMs.p50, latencyChart),
    line('the other isolate, end to end p99', 'ms', ({ latencyMs }) => latencyMs.p99, latencyChart),
    line('the other isolate, end to end max', 'ms', ({ latencyMs }) => latencyMs.max, latencyChart),
    line("fault to the watchdog's report", 's', each => each.reportedAfterMs / 1000),
    line('report to all served again', 's', each => each.servedAfterReportMs / 1000, servedChart),
    line('fault to all served again', 's', each => each.servedAfterMs / 1000),
  ];
}

const targets = (name: FaultName, rounds: readonly Outcome[]): BenchTarget[] => [
  {
    name: `${name}: sockets closed`,
    value: worst(rounds, ({ socketsClosed }) => socketsClosed),
    unit: 'sockets',
    atMost: 0,
  },
  {
    name: `${name}: messages lost, doubled, reordered or wrong otherwise`,
    value: worst(rounds, wrong),
    unit: 'messages',
    atMost: 0,
  },
  {
    name: `${name}: the other isolate, end to end p99`,
    value: worst(rounds, ({ latencyMs }) => latencyMs.p99),
    unit: 'ms',
    atMost: targetP99Ms,
  },
  {
    name: `${name}: report to all served again`,
    value: worst(rounds, ({ servedAfterReportMs }) => servedAfterReportMs / 1000),
    unit: 's',
    atMost: targetServedSeconds,
  },
];
