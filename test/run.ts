/**
 * Runs test files, each in a process of its own: `node dist/test/run.js [FILE…]`, all of them when none is named.
 *
 * The command `tap` would do so too, but it starts each file under three module loaders (for TypeScript, for mocks, for
 * coverage) and hands them down to every thread and every process that a test starts. Our tests are compiled and mock no
 * module: all that the loaders did was to make a server start in three times its processor time, and otherwise than at
 * its host's.
 */
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { endWithUs } from '../lab/end-with-us.ts';

/** Most of the long ones wait for processes more than they compute. */
const jobs = 2;
/** How long a file may take, unless it says otherwise (`t.setTimeout`). */
const timeoutSeconds = 240;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Last what needs the most time would be alone at the end: the runtime's tests are many and short. */
const all = (): string[] =>
  readdirSync(join(root, 'dist/test'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.js'))
    .map(file => join('dist/test', file))
    .sort()
    .reverse();

const named = process.argv.slice(2).map(file => relative(root, file));
const files = named.length > 0 ? named : all();

/** What this shell or this CI wants to see coloured, and the settings of a server of whoever runs the tests. */
const theirs = /^(FORCE_COLOR|NO_COLOR|STROWGER_(?!TEST_|MODEL_).*)$/;

/** `t.spawn` puts a loader of its own into the environment, which this puts back to what it was. */
const environment = [
  ...Object.keys(process.env)
    .filter(name => theirs.test(name))
    .flatMap(name => ['-u', name]),
  `NODE_OPTIONS=${process.env['NODE_OPTIONS'] ?? ''}`,
];

/** What holds, of which there are many thousands. */
const holds = /^ +(ok|# Subtest|# time=|\d+\.\.\d+|$)/;

// A program reads all of it, as TAP; a person wants to see what does not hold.
if (process.stdout.isTTY) {
  t.register();
  createInterface({ input: t.pipe(new PassThrough()) }).on('line', line => {
    if (!holds.test(line)) console.log(line);
  });
}

// The files have their limits; all of them together have none.
t.setTimeout(0);
t.jobs = Math.min(jobs, files.length);
t.plan(files.length);
t.on('spawn', (file: { on(event: 'process', started: (child: ChildProcess) => void): void }) =>
  file.on('process', child => endWithUs(child)),
);
for (const file of files)
  void t.spawn('env', [...environment, process.execPath, '--enable-source-maps', file], {
    ...{ name: file, at: null, stack: '' },
    cwd: root,
    env: { ...process.env, TAP_TIMEOUT: String(timeoutSeconds) },
    timeout: timeoutSeconds * 1000,
    buffered: true,
  });
