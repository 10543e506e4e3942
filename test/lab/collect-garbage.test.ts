import { spawn } from 'node:child_process';
import { setTimeout as after } from 'node:timers/promises';
import t from 'tap';
import { collectGarbage, inspectorOf } from '../../lab/collect-garbage.ts';
import { endWithUs } from '../../lab/end-with-us.ts';
import { lineReader } from '../../lab/line-reader.ts';

/** Tells of each full collection in its main thread and in a worker. */
const watch = (thread: string): string => `
  const { PerformanceObserver, constants } = require('node:perf_hooks');
  new PerformanceObserver(list => {
    for (const { detail } of list.getEntries())
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) console.log('collected ${thread}');
  }).observe({ entryTypes: ['gc'] });
  setInterval(() => undefined, 1000);`;
const program = `
  const { Worker } = require('node:worker_threads');
  ${watch('main')}
  new Worker(${JSON.stringify(`${watch('worker')} console.log('ready');`)}, { eval: true });`;

void t.test('the garbage of all threads of another process goes', async t => {
  const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', '-e', program]);
  endWithUs(child);
  t.teardown(() => child.kill('SIGKILL'));
  const said = new Set<string>();
  let changed = (): void => undefined;
  const when = (texts: readonly string[]): Promise<void> =>
    new Promise(resolve => {
      changed = () => {
        if (texts.every(text => said.has(text))) resolve();
      };
      changed();
    });
  child.stdout.on(
    'data',
    lineReader(line => {
      said.add(line);
      changed();
    }),
  );
  const inspector = new Promise<string>(resolve =>
    child.stderr.on(
      'data',
      lineReader(line => {
        const found = inspectorOf(line);
        if (found !== null) resolve(found);
      }),
    ),
  );
  await when(['ready']);
  t.notOk(said.has('collected worker'), 'not yet');
  await collectGarbage(await inspector);
  // A heap at rest is collected after some eight seconds anyway.
  const late = after(4_000, 'late', { ref: false });
  const both = when(['collected main', 'collected worker']).then(() => 'both');
  t.equal(await Promise.race([both, late]), 'both');
});

void t.test('nobody there', async t => {
  await t.rejects(collectGarbage('ws://127.0.0.1:1/x'), /ECONNREFUSED/);
});
