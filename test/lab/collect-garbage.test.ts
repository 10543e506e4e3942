import { spawn } from 'node:child_process';
import t from 'tap';
import { collectGarbage, inspectorOf } from '../../lab/collect-garbage.ts';
import { endWithUs } from '../../lab/end-with-us.ts';
import { lineReader } from '../../lab/line-reader.ts';

/** Tells when what was made in the main thread and in a worker has been collected. */
const program = `
  const { Worker } = require('node:worker_threads');
  const watch = "new FinalizationRegistry(name => console.log('collected ' + name))";
  globalThis.registry = eval(watch);
  globalThis.registry.register({}, 'main');
  new Worker("globalThis.registry = " + watch + "; globalThis.registry.register({}, 'worker');" +
    "console.log('ready'); setInterval(() => undefined, 1)", { eval: true });
  setInterval(() => undefined, 1);`;

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
  t.notOk(said.has('collected main') || said.has('collected worker'));
  await collectGarbage(await inspector);
  await when(['collected main', 'collected worker']);
  t.pass('both are collected');
});

void t.test('nobody there', async t => {
  await t.rejects(collectGarbage('ws://127.0.0.1:1/x'), /ECONNREFUSED/);
});
