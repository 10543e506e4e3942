import { spawnSync } from 'node:child_process';
import t from 'tap';

/** Runs a compiled example as a learner would, and returns what it prints. */
function run(name: string): string {
  const file = new URL(`../../examples/${name}.js`, import.meta.url);
  const env = { ...process.env, NODE_OPTIONS: '' };
  return spawnSync(process.execPath, [file.pathname], { encoding: 'utf8', env }).stdout;
}

void t.test('the counter is restarted with its first value', t => {
  const lines = ['value 105', 'error: child_terminated', 'value after the crash 100', ''];
  t.same(run('counter').split('\n'), lines);
  t.end();
});

void t.test('the watcher hears of both deaths', t => {
  t.equal(run('watching').match(/got DOWN of \d+: the work is done/g)?.length, 2);
  t.end();
});
