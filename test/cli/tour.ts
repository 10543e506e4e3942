/** A page's tour: its commands are run beside a real server, and print what the page says, but for ids and times. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { startServerProcess } from '../../lab/server-process.ts';
import { strowgerCommand, type Workplace } from './strowger.ts';

export interface TourStep {
  /** A line for a shell. */
  readonly command: string;
  readonly output: string;
}

/** Message ids, group ids, times, invite codes: other ones each time. */
const variable = /(?:g_)?[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])|\b1[0-9]{12}\b|\b\w{4}-\w{4}-\w{4}\b/g;

/** Where the pages say that the server is. */
const PAGE_URL = 'http://127.0.0.1:8080';

/** Goes through the steps in the workplace, whose `data` is the server's. */
export async function tour(
  t: Test,
  place: Workplace,
  steps: readonly TourStep[],
  flags: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  const server = await startServerProcess({ directory: place.path('data'), flags });
  t.teardown(() => server.end());
  /** What stands for the page's ids in this run. */
  const standIns = new Map([[PAGE_URL, server.url]]);
  for (const { command, output } of steps) {
    const actual = await shell(place.directory, replaceAll(command, standIns));
    t.equal(mask(actual), mask(output), command);
    const [was, is] = [output.match(variable), actual.match(variable)];
    was?.forEach((id, index) => standIns.set(id, is?.[index] ?? id));
  }
}

const mask = (text: string): string => text.replace(variable, '…');

const replaceAll = (text: string, standIns: ReadonlyMap<string, string>): string =>
  [...standIns].reduce((done, [was, is]) => done.replaceAll(was, is), text);

/** Runs a line of the tour as a shell does. @returns what is seen, without what `listen` says for people */
async function shell(cwd: string, line: string): Promise<string> {
  const npx = `npx() { shift; "${process.execPath}" "${strowgerCommand}" "$@"; }`;
  const { stdout } = await promisify(execFile)('bash', ['-c', `exec 2>&1; ${npx}; ${line}`], {
    cwd,
  });
  return stdout.replaceAll('Listening.\n', '').trimEnd();
}
