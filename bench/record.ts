/** When, how and of which state of the code a report was made. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BenchReport, RecordedReport } from './report.ts';

const run = promisify(execFile);

export async function record(report: BenchReport, quick: boolean): Promise<RecordedReport> {
  return {
    ...report,
    at: new Date().toISOString(),
    command: `bench ${process.argv.slice(process.argv.indexOf('bench') + 1 || 2).join(' ')}`,
    commit: await commit(),
    quick,
  };
}

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
