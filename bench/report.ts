/** What every bench subject hands back, and how it is shown. */
import { cpus, totalmem } from 'node:os';
import { writeFileSync } from 'node:fs';

export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** A figure divided by its baseline's, measured in the same run. */
export interface BenchRatio {
  readonly name: string;
  readonly value: number;
  readonly baseline: string;
}

export interface BenchReport {
  readonly subject: string;
  readonly machine: Machine;
  readonly results: readonly BenchResult[];
  readonly ratios: readonly BenchRatio[];
}

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

/** Prints the machine, the figures and the ratios; with a file also writes them as JSON. */
export function printReport(report: BenchReport, jsonFile?: string): void {
  const { cpu, cores, memoryGiB, platform, node } = report.machine;
  console.log(`${report.subject}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, ${node}`);
  const width = Math.max(...[...report.results, ...report.ratios].map(({ name }) => name.length));
  for (const { name, value, unit } of report.results) {
    console.log(`  ${name.padEnd(width)}  ${figure(value).padStart(12)} ${unit}`);
  }
  for (const { name, value, baseline } of report.ratios) {
    console.log(`  ${name.padEnd(width)}  ${`${value.toFixed(2)} ×`.padStart(12)} ${baseline}`);
  }
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
