import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import type { DatabaseOptions } from '../../../storage/mnesia/database.ts';
import { account, accountOf, mail, mailOf, tag } from './tables.ts';

const open = (directory: string, options: Partial<DatabaseOptions> = {}) =>
  openDatabase({
    directory,
    tables: [mail, account, tag],
    schemaVersion: 1,
    reserveBytes: 0,
    ...options,
  });

void t.test('a backup is one consistent cut, made while writers go on', async t => {
  const directory = t.testdir();
  const db = open(directory);
  db.transaction(tx => {
    for (let n = 1; n <= 20_000; n += 1) tx.insert(mail, mailOf(n % 8, n, 'x'.repeat(200)));
  });
  const target = join(directory, 'copy.backup');
  const progress: string[] = [];
  // Each write keeps two tables equal; a cut through a transaction would show.
  let writes = 0;
  let running = true;
  const writer = (): void => {
    if (!running) return;
    writes += 1;
    db.transaction(tx => {
      tx.insert(mail, mailOf(100, writes));
      tx.insert(account, accountOf(writes));
      tx.deleteRange(mail, [writes % 8], undefined, writes * 4);
    });
    setImmediate(writer);
  };
  writer();
  const report = await db.backup(target, {
    onProgress: ({ phase, done, total }) => progress.push(`${phase} ${done <= total}`),
  });
  running = false;
  t.ok(writes > 3, `${writes} transactions went on meanwhile`);
  t.ok(progress.length > 3);
  t.equal(report.file, target);
  t.equal(report.schemaVersion, 1);
  t.notOk(existsSync(`${target}.partial`));

  const copy = openDatabase({
    file: target,
    tables: [mail, account],
    schemaVersion: 1,
    reserveBytes: 0,
  });
  const written = copy.dirty.count(account);
  t.equal(copy.dirty.count(mail, { device: 100 }), written);
  t.ok(written > 0 && written <= writes);
  t.strictSame(copy.verify(), []);
  copy.close();
  t.equal(db.dirty.count(account), writes, 'the database itself went on');
  t.throws(() => open(directory), { code: 'locked' }, 'and is still locked');
  db.close();
});

void t.test('a restore replaces all tables and keeps what was there', async t => {
  const directory = t.testdir();
  const db = open(directory);
  const target = join(directory, 'one.backup');
  db.dirty.write(account, accountOf(1));
  await db.backup(target);
  db.dirty.write(account, accountOf(2));
  db.dirty.write(tag, { item: 'a', tag: 'b', weight: null });
  t.strictSame(db.dirty.read(account, 'user1'), accountOf(1));
  db.dirty.update(account, 'user1', { city: 'Bonn' });

  const told: string[] = [];
  db.subscribe('schema', event => told.push(event.kind));
  const phases: string[] = [];
  const kept = await db.restore(target, { onProgress: ({ phase }) => phases.push(phase) });
  t.strictSame(db.dirty.select(account, {}), [accountOf(1)]);
  t.strictSame(db.dirty.read(account, 'user1'), accountOf(1), 'and not from the cache');
  t.equal(db.dirty.count(tag), 0, 'ram tables are empty');
  t.strictSame(told, ['restore']);
  t.strictSame(phases, ['copy', 'copy', 'verify', 'replace']);
  db.dirty.write(account, accountOf(3));
  db.close();

  const again = open(directory);
  t.equal(again.dirty.count(account), 2, 'it is written on');
  again.close();
  const before = openDatabase({
    file: kept,
    tables: [account],
    schemaVersion: 1,
    reserveBytes: 0,
  });
  t.equal(before.dirty.count(account), 2);
  t.equal(before.dirty.read(account, 'user1')?.city, 'Bonn');
  before.close();
});

void t.test('what is no sound backup is refused and changes nothing', async t => {
  const directory = t.testdir({ 'note.txt': 'not a database', 'empty.backup': '' });
  const db = open(directory);
  db.transaction(tx => {
    for (let id = 1; id <= 2000; id += 1) tx.write(account, accountOf(id));
  });
  const good = join(directory, 'good.backup');
  await db.backup(good);
  const bytes = readFileSync(good);
  const damaged = join(directory, 'damaged.backup');
  writeFileSync(damaged, Buffer.from(bytes).fill(0xa5, 8192, 8192 + 4096 * 4));
  const cut = join(directory, 'cut.backup');
  writeFileSync(cut, bytes.subarray(0, bytes.length - 5000));
  const newer = join(directory, 'newer.backup');
  writeFileSync(newer, Buffer.from(bytes).fill(9, 63, 64));

  for (const source of ['note.txt', 'empty.backup', 'damaged.backup', 'cut.backup']) {
    await t.rejects(db.restore(join(directory, source)), { code: 'corrupt' }, source);
  }
  writeFileSync(`${newer}-wal`, 'frames');
  await t.rejects(db.restore(newer), { code: 'corrupt', message: /-wal file beside it/ });
  rmSync(`${newer}-wal`);
  await t.rejects(db.restore(newer), {
    code: 'schema_newer',
    message: /^The backup .*newer program/,
  });
  await t.rejects(db.restore(join(directory, 'nothing')), { code: 'io', message: /untouched/ });
  t.equal(db.dirty.count(account), 2000);
  t.equal(readFileSync(damaged).length, bytes.length, 'the source is left as it was');
  // As if the program had died while it looked through another copy.
  db.dirty.delete(account, 'user7');
  copyFileSync(join(directory, 'strowger.db-wal'), join(directory, 'strowger.db.restoring-wal'));
  await db.restore(good);
  t.equal(db.dirty.count(account), 2000, 'and not with what was written after it');
  t.notOk(readdirSync(directory).some(name => name.includes('.restoring')));
  db.close();
});

void t.test('an older backup is migrated; when that fails everything is as it was', async t => {
  const directory = t.testdir();
  const backup = join(directory, 'v1.backup');
  const first = open(directory);
  first.dirty.write(account, accountOf(1));
  await first.backup(backup);
  first.close();

  let fail = false;
  const db = open(directory, {
    schemaVersion: 2,
    migrations: [
      {
        version: 2,
        name: 'move to Ulm',
        up(tx) {
          if (fail) throw new Error('no');
          for (const { handle } of tx.select(account, {}))
            tx.update(account, handle, { city: 'Ulm' });
        },
      },
    ],
  });
  db.dirty.write(account, accountOf(2));
  fail = true;
  await t.rejects(db.restore(backup), { code: 'migration_failed' });
  t.equal(db.dirty.count(account), 2);
  fail = false;
  await db.restore(backup);
  t.strictSame(db.dirty.select(account, {}), [accountOf(1, 'Ulm')]);
  db.close();
});

void t.test('a backup that cannot be written says so and leaves nothing', async t => {
  const directory = t.testdir();
  const db = open(directory);
  await t.rejects(db.backup(join(directory, 'no', 'such', 'place')), {
    code: 'io',
    message: /could not be written.*database is untouched/,
  });
  const target = join(directory, 'closing.backup');
  db.transaction(tx => {
    for (let n = 1; n <= 20_000; n += 1) tx.insert(mail, mailOf(1, n, 'x'.repeat(200)));
  });
  const pending = db.backup(target);
  await new Promise(resolve => setImmediate(resolve));
  db.close();
  await t.rejects(pending, { code: 'closed' });
  t.notOk(readdirSync(directory).some(name => name.includes('closing')));
  await t.rejects(db.backup(target), { code: 'closed' });
});
