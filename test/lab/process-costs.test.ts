import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
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
