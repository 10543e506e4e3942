/**
 * `all`: every subject, one after the other, each in a process of its own (what one has warmed up or filled must not
 * change the next one's figures), and one page for people out of their reports; or the page alone, from earlier ones.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs } from '../lab/end-with-us.ts';
import { page, type Failure } from './page/page.ts';
import type { RecordedReport } from './report.ts';
import { readReport, readReports } from './reports.ts';

export interface AllOptions {
  readonly html: string;
  readonly quick: boolean;
  /** A folder of reports to make the page of, instead of measuring. */
  readonly from?: string;
  /** A folder to keep the reports in. */
  readonly jsonDir?: string;
  readonly subjects: readonly string[];
  /** Further arguments of a subject. @param directory where the reports of those before it are */
  readonly argumentsFor: (subject: string, directory: string) => readonly string[];
}

/** What is measured may hang: nothing takes longer than this. */
const timeoutMs = { quick: 5 * 60_000, whole: 30 * 60_000 };

/** @returns what could not be measured; it is on the page too */
export async function run(options: AllOptions): Promise<readonly Failure[]> {
  const { html, from } = options;
  if (from !== undefined) {
    await writeFile(html, page(await readReports(from), []));
    return [];
  }
  const directory = options.jsonDir ?? (await mkdtemp(join(tmpdir(), 'strowger-bench-all-')));
  await mkdir(directory, { recursive: true });
  const reports: RecordedReport[] = [];
  const failures: Failure[] = [];
  try {
    for (const subject of options.subjects) {
      const file = join(directory, `${subject}.json`);
      const args = [subject, '--json', file, ...options.argumentsFor(subject, directory)];
      const failure = await measure(subject, args, timeoutMs[options.quick ? 'quick' : 'whole']);
      if (failure === null) reports.push(await readReport(file));
      else failures.push(failure);
      // Whoever stops it has a page of what is there.
      await writeFile(html, page(reports, failures));
    }
  } finally {
    if (options.jsonDir === undefined) await rm(directory, { recursive: true, force: true });
  }
  return failures;
}

function measure(
  subject: string,
  args: readonly string[],
  limitMs: number,
): Promise<Failure | null> {
  // This very program, asked for one subject: `bench relay …` or `strowger bench relay …`.
  const begun = performance.now();
  const program = process.argv.slice(1, process.argv.indexOf('all', 2));
  const child = spawn(process.execPath, [...process.execArgv, ...program, ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  endWithUs(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    said = `${said}${chunk.toString()}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    // Asked to end it takes its servers with it.
    const late = setTimeout(() => child.kill('SIGTERM'), limitMs);
    child.once('error', reject);
    child.once('close', code => {
      clearTimeout(late);
      const why =
        performance.now() - begun >= limitMs
          ? `it was ended after ${limitMs / 60_000} minutes`
          : said.trim();
      resolve(code === 0 ? null : { subject, message: why });
    });
  });
}
