/** The README's tour is run: its commands print what it says, but for ids and times. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import t from 'tap';
import { startServerProcess } from '../../lab/server-process.ts';
import { strowgerCommand, Workplace } from './strowger.ts';

const page = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** Message ids, group ids, times, invite codes: other ones each time. */
const variable = /(?:g_)?[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])|\b1[0-9]{12}\b|\b\w{4}-\w{4}-\w{4}\b/g;

interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** The commands in the page's `console` blocks, each with the lines that follow it. */
const steps: readonly Step[] = [...page.matchAll(/^```console\n([^]*?)^```$/gm)]
  .flatMap(([, block = '']) => block.split(/^\$ /m).slice(1))
  .map(text => {
    const [command = '', ...output] = text.trimEnd().split('\n');
    return { command, output };
  });

void t.test('the tour', async t => {
  const place = new Workplace();
  t.teardown(() => place.end());
  const server = await startServerProcess({ directory: place.path('data') });
  t.teardown(() => server.end());
  /** What stands for the page's ids in this run. */
  const standIns = new Map([['http://127.0.0.1:8080', server.url]]);
  t.ok(steps.length >= 10, 'there is a tour');
  for (const { command, output } of steps) {
    const actual = await shell(place.directory, replaceAll(command, standIns));
    t.equal(mask(actual), mask(output.join('\n')), command);
    const [was, is] = [output.join('\n').match(variable), actual.match(variable)];
    was?.forEach((id, index) => standIns.set(id, is?.[index] ?? id));
  }
});

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
