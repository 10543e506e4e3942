/**
 * What a message costs the server in processor time: of the whole process and of each thread (from the system), and
 * split by what the time was spent on (from the runtime's accounting by label, `strowger_turn_seconds_total`).
 */
import { cpuBetween, cpuOfThreads, totalSeconds, type ThreadCpu } from '../lab/process-cpu.ts';
import type { BenchResult } from './report.ts';
import { readMetrics } from './server-metrics.ts';

export interface Reading {
  readonly threads: readonly ThreadCpu[];
  /** Seconds of turns by label; null for a process that is no Strowger server. */
  readonly turns: ReadonlyMap<string, number> | null;
}

export interface Costs {
  /** Microseconds of processor time per message, of the whole process. */
  readonly micros: number;
  /** Of each thread that did anything worth naming, the main thread first. */
  readonly threads: readonly { readonly name: string; readonly micros: number }[];
  /** Of each part; empty where the process does not account for them. */
  readonly parts: ReadonlyMap<Part, number>;
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
  const turns =
    url === null ? null : (await readMetrics(url)).by('strowger_turn_seconds_total', 'label');
  return { threads: cpuOfThreads(pid), turns };
}

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
    parts: partsBetween(before.turns, after.turns, total, each),
  };
}

function partsBetween(
  before: Reading['turns'],
  after: Reading['turns'],
  total: number,
  each: (seconds: number) => number,
): ReadonlyMap<Part, number> {
  const parts = new Map<Part, number>();
  if (before === null || after === null || after.size === 0) return parts;
  let attributed = 0;
  for (const [label, seconds] of after) {
    const spent = seconds - (before.get(label) ?? 0);
    const part = partOfLabel.find(([prefix]) => label.startsWith(prefix))?.[1] ?? 'other processes';
    parts.set(part, (parts.get(part) ?? 0) + each(spent));
    attributed += spent;
  }
  return parts.set('rest', each(total - attributed));
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
  ];
}
