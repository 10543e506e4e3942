import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import t from 'tap';
import { ownThread, waitedMs } from '../../../server/isolates/processor-time.ts';

const told = existsSync('/proc/thread-self/schedstat');

void t.test('each thread has a number of its own, where there is one', async t => {
  const module = new URL('../../../server/isolates/processor-time.js', import.meta.url).href;
  const worker = new Worker(
    `import('${module}').then(({ ownThread }) => require('node:worker_threads').parentPort.postMessage(ownThread()))`,
    { eval: true },
  );
  const [other] = (await once(worker, 'message')) as [number];
  t.equal(ownThread(), ownThread());
  if (told) t.ok(other > 0 && ownThread() > 0 && other !== ownThread());
  else t.same([other, ownThread()], [0, 0]);
});

void t.test('what a thread has waited only grows', t => {
  const before = waitedMs(ownThread());
  t.ok(before >= 0 && waitedMs(ownThread()) >= before);
  if (told) t.ok(waitedMs(ownThread()) < 3_600_000, 'it is milliseconds');
  t.end();
});

void t.test('of a thread that nobody knows nothing is told', t => {
  t.equal(waitedMs(0), 0);
  t.equal(waitedMs(2 ** 30), 0);
  t.end();
});
