/** The runner of the tests: what fails in a file fails the run, and the files run as the product does. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { onTerminal, type Command } from './terminal.ts';

const runner = fileURLToPath(new URL('./run.js', import.meta.url));

interface Run {
  readonly code: number;
  readonly stdout: string;
}

/** As from a shell whose output goes into a file. */
const plainly = (command: Command): Command => command;

/** Runs the files with the runner. */
function run(
  t: Test,
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  manner = plainly,
): Promise<Run> {
  const directory = t.testdir(files);
  const inherited = Object.entries(process.env).filter(([name]) => !/^_?TAP/.test(name));
  const env = { ...Object.fromEntries(inherited), NODE_OPTIONS: '', ...environment };
  const paths = Object.keys(files).map(name => join(directory, name));
  const [program, ...args] = manner([process.execPath, runner, ...paths]);
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env }, (error, stdout) => {
      if (child.exitCode === null) reject(error ?? new Error('a signal ended it'));
      else resolve({ code: child.exitCode, stdout });
    });
  });
}

const passes = `import t from 'tap'; t.ok(true, 'holds'); t.ok(true);`;

void t.test('all that passes is counted', async t => {
  const { code, stdout } = await run(t, { 'a.mjs': passes, 'b.mjs': passes });
  t.equal(code, 0);
  t.match(stdout, /^# \{ total: 4, pass: 4 \}$/m);
  t.match(stdout, /^ok 1 - \S+a\.mjs/m);
});

const failures = {
  'an assertion': `import t from 'tap'; void t.test('x', async t => t.equal(1, 2));`,
  'a throw': `throw new Error('before anything');`,
  'an exit code': `${passes} process.exitCode = 3;`,
  'an end in the middle': `import t from 'tap'; t.test('x', () => process.kill(process.pid, 'SIGKILL'));`,
};
for (const [what, text] of Object.entries(failures))
  void t.test(`${what} fails the run, and the other files go on`, async t => {
    const { code, stdout } = await run(t, { 'bad.mjs': text, 'good.mjs': passes });
    t.equal(code, 1, { stdout });
    t.match(stdout, /^not ok 1 - \S+bad\.mjs/m);
    t.match(stdout, /^ok 2 - \S+good\.mjs/m);
    t.match(stdout, /^# \{ total: \d+, pass: \d+, fail: \d+ \}$/m);
  });

void t.test('a file that takes longer than its limit is ended, and fails the run', async t => {
  const endless = `import t from 'tap'; t.setTimeout(50); t.test('x', () => { for (;;); });`;
  const { code, stdout } = await run(t, { 'endless.mjs': endless });
  t.equal(code, 1, { stdout });
  t.match(stdout, /^not ok 1 - .*$[^]*endless\.mjs/m);
});

void t.test(
  'a file runs without any loader, and in an environment that is no matter of taste',
  async t => {
    const text = `
import t from 'tap';
t.strictSame(process.execArgv, ['--enable-source-maps']);
t.equal(process.env.NODE_OPTIONS, '--no-deprecation');
t.equal(process.env.TAP_TIMEOUT, '240');
t.equal(process.env.FORCE_COLOR, undefined);
t.equal(process.env.NO_COLOR, undefined);
t.equal(process.env.STROWGER_PORT, undefined);
t.equal(process.env.STROWGER_TEST_KILLS, '7');
`;
    const theirs = {
      FORCE_COLOR: '1',
      NO_COLOR: '1',
      STROWGER_PORT: '1',
      STROWGER_TEST_KILLS: '7',
    };
    const environment = { NODE_OPTIONS: '--no-deprecation', ...theirs };
    const { code, stdout } = await run(t, { 'plain.mjs': text }, environment);
    t.equal(code, 0, { stdout });
  },
);

void t.test('on a terminal one sees what does not hold, and a line for each file', async t => {
  const bad = `import t from 'tap'; t.ok(true); t.ok(false, 'it never rains');`;
  const { code, stdout } = await run(t, { 'good.mjs': passes, 'bad.mjs': bad }, {}, onTerminal);
  t.equal(code, 1, { stdout });
  t.match(stdout, /^ok 1 - \S+good\.mjs/m);
  t.match(stdout, /^not ok 2 - \S+bad\.mjs/m);
  t.match(stdout, /^ +not ok 2 - it never rains/m);
  t.match(stdout, /^# \{ total: 4, pass: 3, fail: 1 \}/m);
  t.notMatch(stdout, /^ +ok/m);
});
