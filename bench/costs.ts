/**
 * What a message costs the server in processor time: of the whole process and of each thread (from the system), and
 * split by what the time was spent on (from the runtime's accounting by label, `strowger_turn_seconds_total`); and
 * what it writes to disk and sends over the network.
 */
import {
  cpuBetween,
  cpuOfThreads,
  totalSeconds,
  writtenBytes,
  type ThreadCpu,
} from '../lab/process-costs.ts';
import type { BenchResult } from './report.ts';
import { readMetrics, type ServerMetrics } from './server-metrics.ts';

export interface Reading {
  readonly threads: readonly ThreadCpu[];
  readonly writtenBytes: number;
  /** Null for a process that is no Strowger server. */
  readonly own: OwnAccounts | null;
}

/** What a Strowger server counts itself. */
interface OwnAccounts {
  /** Seconds of turns by label of the processes; empty where the server does not account for them. */
  readonly turns: ReadonlyMap<string, number>;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly commits: number;
}

export interface Costs {
  /** Microseconds of processor time per message, of the whole process. */
  readonly micros: number;
  /** Of each thread that did anything worth naming, the main thread first. */
  readonly threads: readonly { readonly name: string; readonly micros: number }[];
  /** Of each part; empty where the process does not account for them. */
  readonly parts: ReadonlyMap<Part, number>;
  /** Bytes that the message had written to disk. */
  readonly writtenBytes: number;
  /** Bytes of frames, and commits, for each message; null for a process that is no Strowger server. */
  readonly traffic: {
    readonly receivedBytes: number;
    readonly sentBytes: number;
    readonly commits: number;
  } | null;
}

export type Part = 'gateway' | 'session' | 'store' | 'delivery' | 'other processes' | 'rest';

/** What the labels of processes begin with; see server/tree.ts. */
const partOfLabel: readonly (readonly [prefix: string, part: Part])[] = [
  ['gateway', 'gateway'],
  ['session', 'session'],
  ['store', 'store'],
  ['mailbox', 'delivery'],
];
/** A thread that did less than this share of the work is named together with the others like it. */
const worthNaming = 0.01;

/** @param url null for a process that is no Strowger server */
export async function readCosts(pid: number, url: string | null): Promise<Reading> {
  const own = url === null ? null : ownAccounts(await readMetrics(url));
  return { threads: cpuOfThreads(pid), writtenBytes: writtenBytes(pid), own };
}

const ownAccounts = (metrics: ServerMetrics): OwnAccounts => ({
  turns: metrics.by('strowger_turn_seconds_total', 'label'),
  receivedBytes: metrics.total('strowger_bytes_in_total'),
  sentBytes: metrics.total('strowger_bytes_out_total'),
  commits: metrics.total('strowger_commit_seconds_count'),
});

/** What `messages` messages between two readings have cost each. */
export function costsBetween(before: Reading, after: Reading, messages: number): Costs {
  const threads = cpuBetween(before.threads, after.threads);
  const total = totalSeconds(threads);
  const each = (seconds: number): number => (seconds / messages) * 1e6;
  const named = threads.filter(({ seconds }) => seconds >= total * worthNaming);
  const others = totalSeconds(threads) - totalSeconds(named);
  return {
    micros: each(total),
    threads: [
      ...named.map(({ name, seconds }, index) => ({
        name: index === 0 ? 'main thread' : `thread ${index} (${name})`,
        micros: each(seconds),
      })),
      ...(others > 0 ? [{ name: 'other threads', micros: each(others) }] : []),
    ],
    parts: partsBetween(before.own?.turns, after.own?.turns, threads, messages),
    writtenBytes: (after.writtenBytes - before.writtenBytes) / messages,
    traffic:
      before.own === null || after.own === null
        ? null
        : {
            receivedBytes: (after.own.receivedBytes - before.own.receivedBytes) / messages,
            sentBytes: (after.own.sentBytes - before.own.sentBytes) / messages,
            commits: (after.own.commits - before.own.commits) / messages,
          },
  };
}

/**
 * Turns are timed by the clock, so where the machine has more to do than cores they hold time in which another thread
 * had the processor: as much as the busiest thread has waited for it, which the system tells.
 */
function partsBetween(
  before: OwnAccounts['turns'] | undefined,
  after: OwnAccounts['turns'] | undefined,
  threads: readonly ThreadCpu[],
  messages: number,
): ReadonlyMap<Part, number> {
  const parts = new Map<Part, number>();
  if (before === undefined || after === undefined || after.size === 0) return parts;
  const [busiest] = threads.toSorted((one, other) => other.seconds - one.seconds);
  const ran =
    busiest === undefined ? 1 : busiest.seconds / (busiest.seconds + busiest.waitedSeconds);
  for (const [label, seconds] of after) {
    const part = partOfLabel.find(([prefix]) => label.startsWith(prefix))?.[1] ?? 'other processes';
    const spent = (seconds - (before.get(label) ?? 0)) * ran;
    parts.set(part, (parts.get(part) ?? 0) + (spent / messages) * 1e6);
  }
  const total = (totalSeconds(threads) / messages) * 1e6;
  const attributed = [...parts.values()].reduce((sum, micros) => sum + micros, 0);
  // More cannot have been spent than was: what a turn waited for otherwise is taken from all alike.
  if (attributed > total)
    for (const [part, micros] of parts) parts.set(part, (micros * total) / attributed);
  return parts.set('rest', Math.max(0, total - attributed));
}

const partTexts: Readonly<Record<Part, string>> = {
  gateway: 'gateway',
  session: 'sessions',
  store: 'store',
  delivery: 'delivery (mailboxes)',
  'other processes': 'other processes',
  rest: 'rest: transport, garbage collection, event loop',
};

/** The costs as figures. @param of whose they are, such as `strowger` */
export function costResults(of: string, costs: Costs): BenchResult[] {
  const unit = 'µs of CPU per message';
  const parts = (Object.keys(partTexts) as Part[]).filter(part => costs.parts.has(part));
  return [
    { name: `${of}, whole process`, value: costs.micros, unit, chart: 'cost of a message' },
    ...costs.threads.map(({ name, micros }) => ({
      name: `${of}, ${name}`,
      value: micros,
      unit,
      chart: `${of}: cost of a message by thread`,
    })),
    ...parts.map(part => ({
      name: `${of}, ${partTexts[part]}`,
      value: costs.parts.get(part) ?? 0,
      unit,
      chart: `${of}: cost of a message by part`,
    })),
    ...(costs.traffic === null ? [] : trafficResults(of, costs.traffic, costs.writtenBytes)),
  ];
}

function trafficResults(
  of: string,
  traffic: NonNullable<Costs['traffic']>,
  written: number,
): BenchResult[] {
  const unit = 'bytes per message';
  return [
    { name: `${of}, written to disk`, value: written, unit },
    { name: `${of}, received in frames`, value: traffic.receivedBytes, unit },
    { name: `${of}, sent in frames`, value: traffic.sentBytes, unit },
    { name: `${of}, messages per commit`, value: 1 / traffic.commits, unit: 'messages' },
  ];
}
