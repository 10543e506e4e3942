import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

/** Runs in a process of its own, in which the collector can be called. */
const PROGRAM = fileURLToPath(new URL('./collectable-program.js', import.meta.url));

void t.test('after 1,000 reloads the heap is back within 5 %', t => {
  // What V8 compiles in the background comes and goes, and is not what is looked for.
  const options = ['--expose-gc', '--no-opt', PROGRAM];
  const out = execFileSync(process.execPath, options, { encoding: 'utf8' });
  const { before, after, versionsAlive, reloads } = JSON.parse(out) as Record<string, number>;
  t.equal(reloads, 1_000);
  t.comment(`${before} bytes before, ${after} after, ${versionsAlive} versions still there`);
  t.ok((after ?? Infinity) < (before ?? 0) * 1.05);
  t.ok((versionsAlive ?? Infinity) <= 2, 'the current one and the old one');
  t.end();
});
