import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Test } from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import type { Database } from '../../../storage/mnesia/database.ts';
import { account, defineMany, mail } from './tables.ts';

const open = (directory: string): Database =>
  openDatabase({ directory, tables: [mail, account], schemaVersion: 1, reserveBytes: 0 });

/** Kills the program with signal 9 after it printed so many lines; returns the last one. */
async function killAfter(t: Test, program: string, args: string[], lines: number) {
  const child = spawn(process.execPath, [fileURLToPath(program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = 0;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    seen += 1;
    if (seen === lines) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  t.equal(child.signalCode, 'SIGKILL');
  return last;
}

void t.test('what was said to be committed is there after kill -9, and all of it', async t => {
  const directory = t.testdir();
  let before = 0;
  for (const lines of [1, 40, 7, 150, 90]) {
    const said = await killAfter(t, import.meta.resolve('./kill-writer.js'), [directory], lines);
    t.ok(said >= before + lines);
    const db = open(directory);
    const committed = db.dirty.count(account);
    t.ok(committed >= said, `${said} said to be committed, ${committed} there`);
    t.ok(committed <= said + 1, 'one more may have been committed and not said');
    for (let i = 1; i <= committed; i += 1) {
      const rows = db.dirty.count(mail, { device: i });
      if (rows !== (i > committed - 5 ? 20 : 10)) t.fail(`transaction ${i} is there in part`);
    }
    t.strictSame(db.verify(), []);
    before = committed;
    db.close();
  }
});

void t.test('a million records do not make opening slow, after kill -9 either', async t => {
  const directory = t.testdir();
  const records = await killAfter(t, import.meta.resolve('./kill-large-writer.js'), [directory], 1);
  t.equal(records, 1_000_000);
  const started = process.hrtime.bigint();
  const db = openDatabase({ directory, tables: [defineMany()], schemaVersion: 1, reserveBytes: 0 });
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  t.equal(db.dirty.range(defineMany(), [999_999], undefined).length, 2);
  // The work does not grow with the records; the limit is wide for a busy machine.
  t.ok(ms < 1000, `opened in ${ms.toFixed(0)} ms`);
  db.close();
});
