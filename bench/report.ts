/** What every bench subject hands back, and how it is shown. */
import { cpus, totalmem } from 'node:os';
import { writeFileSync } from 'node:fs';
import type { MeasuredCosts } from './plan/measured-costs.ts';

export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Results of one report with the same chart are drawn together on the page (bench/page/). */
  readonly chart?: string;
}

/** A figure divided by its baseline's, measured in the same run. */
export interface BenchRatio {
  readonly name: string;
  readonly value: number;
  readonly baseline: string;
}

/** What a figure is to reach: at least or at most so much. */
export interface BenchTarget {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface BenchReport {
  readonly subject: string;
  readonly machine: Machine;
  readonly results: readonly BenchResult[];
  readonly ratios: readonly BenchRatio[];
  readonly targets?: readonly BenchTarget[];
  /** What has to be known to read the figures. */
  readonly notes?: readonly string[];
  /** What `plan` reckons with, as far as this subject measures it. */
  readonly costs?: Partial<MeasuredCosts>;
}

/** A report as it is kept: with when, how and of which state of the code it was made. */
export interface RecordedReport extends BenchReport {
  /** ISO 8601. */
  readonly at: string;
  readonly command: string;
  /** Of the working copy, with `-dirty` where it was changed; null where there is none. */
  readonly commit: string | null;
  readonly quick: boolean;
}

export const isReached = ({ value, atLeast, atMost }: BenchTarget): boolean =>
  value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
}

/** The machine that the figures are from. */
export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** The middle one; of an even number the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** Prints the machine, the figures, the ratios and the targets; with a file also writes them as JSON. */
export function printReport(report: BenchReport, jsonFile?: string): void {
  const { cpu, cores, memoryGiB, platform, node } = report.machine;
  const { results, ratios, targets = [], notes = [] } = report;
  console.log(`${report.subject}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, ${node}`);
  const width = Math.max(0, ...[...results, ...ratios, ...targets].map(({ name }) => name.length));
  for (const { name, value, unit } of results) {
    console.log(`  ${name.padEnd(width)}  ${figure(value).padStart(12)} ${unit}`);
  }
  for (const { name, value, baseline } of ratios) {
    console.log(`  ${name.padEnd(width)}  ${`${value.toFixed(2)} ×`.padStart(12)} ${baseline}`);
  }
  for (const target of targets) {
    const verdict = isReached(target) ? 'reached' : 'missed';
    console.log(
      `  ${target.name.padEnd(width)}  ${figure(target.value).padStart(12)} ${target.unit}: ` +
        `${verdict}, to be ${wanted(target)}`,
    );
  }
  for (const note of notes) console.log(`  ${note}`);
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
}

/** What a target asks for, such as `≥ 0.5`. */
export const wanted = ({ atLeast, atMost }: BenchTarget): string =>
  [
    ...(atLeast === undefined ? [] : [`≥ ${figure(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${figure(atMost)}`]),
  ].join(' and ');

/** A number for people: three digits, or all of its whole ones. */
export function figure(value: number): string {
  return Math.abs(value) >= 100 || value === 0
    ? Math.round(value).toLocaleString('en')
    : Number(value.toPrecision(3)).toString();
}
