/**
 * `plan`: a simulation on paper. From measured costs and a scenario it reckons the cores, memory, disk and network that
 * a deployment needs, up to WhatsApp's size, and how long messages wait by how busy it is. Strowger runs on one
 * machine today; what needs more than one is what it would cost if it ran on many without paying for it.
 */
import { deploymentFor } from './plan/deployment.ts';
import { latencies } from './plan/latency.ts';
import { committed, type Measurement } from './plan/measured-costs.ts';
import { measurementFrom } from './plan/measurement-from.ts';
import { assumptions, scenario, scenarioKeys, sources, type Scenario } from './plan/scenario.ts';
import { figure, machine, type BenchReport } from './report.ts';

export interface PlanOptions extends Partial<Scenario> {
  /** A folder with reports of `bench SUBJECT --json`; the committed figures fill what is not in them. */
  readonly from?: string;
}

const utilisations = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95];

/** @throws RangeError for a scenario that cannot be */
export async function run({ from, ...given }: PlanOptions): Promise<BenchReport> {
  const asked = scenario(given);
  const measured = from === undefined ? committed : await measurementFrom(from);
  const needed = deploymentFor(asked, measured);
  const gib = (bytes: number): number => bytes / 2 ** 30;
  const gigabits = (bytes: number): number => (bytes * 8) / 1e9;
  return {
    subject: 'plan',
    machine: machine(),
    results: [
      { name: 'messages sent', value: needed.messagesPerSecond, unit: 'a second at the peak' },
      { name: 'deliveries', value: needed.deliveriesPerSecond, unit: 'a second at the peak' },
      { name: 'logins', value: needed.loginsPerSecond, unit: 'a second at the peak' },
      { name: 'connections', value: needed.connections, unit: 'at the peak' },
      { name: 'cores', value: needed.cores, unit: 'cores' },
      { name: 'shards', value: needed.shards, unit: 'stores with one writer each' },
      { name: 'memory', value: gib(needed.memoryBytes), unit: 'GiB' },
      { name: 'disk', value: gib(needed.storedBytes), unit: 'GiB of waiting messages' },
      {
        name: 'disk writes',
        value: needed.writtenBytesPerSecond / 2 ** 20,
        unit: 'MiB/s at the peak',
      },
      {
        name: 'network in',
        value: gigabits(needed.receivedBytesPerSecond),
        unit: 'Gbit/s at the peak',
      },
      {
        name: 'network out',
        value: gigabits(needed.sentBytesPerSecond),
        unit: 'Gbit/s at the peak',
      },
      { name: 'machines', value: needed.machines, unit: `for the sake of ${needed.bottleneck}` },
      ...latencies(
        utilisations,
        measured.busiestMicrosPerMessage / 1000,
        measured.halfLoadP99Ms,
      ).flatMap(({ utilisation, meanMs, p99Ms }) => [
        {
          name: `a thread is busy for ${utilisation * 100} % of the time: mean`,
          value: meanMs,
          unit: 'ms end to end, estimated',
        },
        {
          name: `a thread is busy for ${utilisation * 100} % of the time: p99`,
          value: p99Ms,
          unit: 'ms end to end, estimated',
          chart: 'estimated p99 by utilisation',
        },
      ]),
    ],
    ratios: [],
    notes: [...basis(measured), ...assumed(asked), sources, ...limitations],
  };
}

const basis = ({ machine: where, at, command, ...costs }: Measurement): string[] => [
  `Measured on ${where}, ${at}, by ${command}: ` +
    Object.entries(costs)
      .map(([name, value]) => `${name} ${figure(value)}`)
      .join(', ') +
    '.',
];

const assumed = (asked: Scenario): string[] =>
  scenarioKeys.map(key => {
    const { flag, text, source, default: usual } = assumptions[key];
    const why = asked[key] === usual ? source : `as asked for with ${flag.split(' ')[0] ?? flag}`;
    return `${figure(asked[key])} ${text} (${why}).`;
  });

const limitations = [
  'Latency: M/M/1 by the time that a message keeps the busiest thread, plus the batch as measured at half load, growing as the queue does. An estimate, not a measurement.',
  'Disk holds waiting messages twice, for free pages and the log. Nothing is kept twice on other machines, and a message that crosses shards costs no more here than one that does not: both would add to it.',
  'Strowger runs on one machine today. More than one is a projection: every machine like the measured one, load spread evenly, no cost of their talking to each other.',
];
