/** When, how and of which state of the code a report was made. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BenchReport, RecordedReport } from './report.ts';

const run = promisify(execFile);

export async function record(report: BenchReport, quick: boolean): Promise<RecordedReport> {
  return {
    ...report,
    at: new Date().toISOString(),
    command: `bench ${withoutPlaces(process.argv.slice(process.argv.indexOf('bench') + 1 || 2)).join(' ')}`,
    commit: await commit(),
    quick,
  };
}

/** Where files are on this machine changes no figure and is nobody's business. */
const places = ['--json', '--from'];
const withoutPlaces = (args: readonly string[]): readonly string[] =>
  args.filter(
    (argument, index) =>
      !places.includes(argument.split('=')[0] ?? '') && !places.includes(args[index - 1] ?? ''),
  );

/** Null where there is no git or no working copy: a program that was installed has none. */
async function commit(): Promise<string | null> {
  try {
    const { stdout } = await run('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      cwd: import.meta.dirname,
    });
    return stdout.trim();
  } catch {
    return null;
  }
}
