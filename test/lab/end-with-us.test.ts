import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { endWithUs } from '../../lab/end-with-us.ts';
import { lineReader } from '../../lab/line-reader.ts';

const module = new URL('../../lab/end-with-us.js', import.meta.url).href;

interface Family {
  readonly parent: ChildProcess;
  /** The pid of the parent's child, which runs without end. */
  readonly child: number;
  readonly directory: string;
  readonly ended: Promise<unknown>;
}

/** A process that has started another one. @param then what it does after it has told the pid */
async function family(t: Test, then: string): Promise<Family> {
  const directory = mkdtempSync(join(tmpdir(), 'strowger-end-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'kept'), '');
  const program = `
    const { endWithUs } = await import(${JSON.stringify(module)});
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    endWithUs(child, ${JSON.stringify(directory)});
    child.once('spawn', () => { console.log(child.pid); ${then} });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithUs(parent);
  const ended = new Promise(resolve => parent.once('close', resolve));
  const child = await new Promise<number>(resolve =>
    parent.stdout.on(
      'data',
      lineReader(line => resolve(Number(line))),
    ),
  );
  return { parent, child, directory, ended };
}

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}

void t.test('what was started ends with who started it', async t => {
  const { child, ended } = await family(t, 'process.exit();');
  t.ok(child > 0);
  await ended;
  await until(() => !runs(child));
});

void t.test('also after kill -9, and its directory goes', async t => {
  const { parent, child, directory } = await family(t, '');
  t.ok(runs(child));
  parent.kill('SIGKILL');
  await until(() => !runs(child) && !existsSync(directory));
});

void t.test('who ends by itself leaves its directory, and nobody keeps its parent', async t => {
  const { parent, child, directory, ended } = await family(t, '');
  process.kill(child);
  await ended;
  t.equal(parent.exitCode, 0, 'the parent ended by itself');
  t.ok(existsSync(join(directory, 'kept')));
});

void t.test('nothing is done for who could not be started', async t => {
  const child = spawn('/nowhere/nothing');
  const failed = new Promise(resolve => child.once('error', resolve));
  endWithUs(child);
  t.match(await failed, { code: 'ENOENT' });
});
