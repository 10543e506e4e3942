import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { endWithUs } from '../../lab/end-with-us.ts';
import { cpuBetween, cpuOfThreads, totalSeconds, writtenBytes } from '../../lab/process-costs.ts';

function burn(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

void t.test('processor time is told of the thread that spent it', async t => {
  const before = cpuOfThreads(process.pid);
  burn(100);
  const main = cpuBetween(before, cpuOfThreads(process.pid));
  const [first] = main.toSorted((one, other) => other.seconds - one.seconds);
  t.equal(first?.thread, process.pid, 'the main thread');
  // The machine may have been busy with others.
  t.ok((first?.seconds ?? 0) > 0.01 && totalSeconds(main) < 10);

  const inWorker = cpuOfThreads(process.pid);
  const source = `const until = performance.now() + 100; while (performance.now() < until);
    require('worker_threads').parentPort.once('message', () => undefined).postMessage('done');`;
  const worker = new Worker(source, { eval: true });
  await new Promise(resolve => worker.once('message', resolve));
  const after = cpuBetween(inWorker, cpuOfThreads(process.pid));
  const [busiest] = after.toSorted((one, other) => other.seconds - one.seconds);
  t.not(busiest?.thread, process.pid, 'a thread that was not there before counts from its start');
  await worker.terminate();
});

void t.test('bytes written are counted; a process that is none is an error', async t => {
  const before = writtenBytes(process.pid);
  writeFileSync(join(t.testdir(), 'file'), Buffer.alloc(1 << 20), { flush: true });
  const written = writtenBytes(process.pid) - before;
  // A file system in memory writes nothing.
  t.ok(written === 0 || written >= 1 << 20, `${written} bytes`);
  t.throws(() => cpuOfThreads(2 ** 22 + 1), { code: 'ENOENT' });
  t.throws(() => writtenBytes(2 ** 22 + 1), { code: 'ENOENT' });
});

void t.test('what was started ends with who started it', async t => {
  const module = new URL('../../lab/end-with-us.js', import.meta.url).href;
  const program = `
    const { endWithUs } = await import(${JSON.stringify(module)});
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    endWithUs(child);
    child.once('spawn', () => { console.log(child.pid); process.exit(); });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program]);
  endWithUs(parent);
  let said = '';
  parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise(resolve => parent.once('close', resolve));
  const pid = Number(said);
  t.ok(pid > 0);
  // Until the system has taken the killed one away.
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      break;
    }
    await new Promise(resolve => setImmediate(resolve));
  }
  t.pass('the child is gone');
});
