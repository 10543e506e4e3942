import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import BetterSqlite from 'better-sqlite3';
import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { openEngine } from '../../../storage/mnesia/open-engine.ts';
import { account, accountOf, mail } from './tables.ts';

const open = (directory: string) =>
  openDatabase({ directory, tables: [account, mail], schemaVersion: 1, reserveBytes: 0 });

void t.test('a file that is not ours is refused and left as it is', async t => {
  const foreign: [string, (file: string) => void][] = [
    ['text', file => writeFileSync(file, 'Dear diary, '.repeat(1000))],
    ['a few bytes', file => writeFileSync(file, 'x')],
    ['zeros', file => writeFileSync(file, Buffer.alloc(8192))],
    [
      'the database of another program',
      file => {
        const other = new BetterSqlite(file);
        other.exec('CREATE TABLE t (a)');
        other.close();
      },
    ],
  ];
  for (const [what, make] of foreign) {
    const directory = t.testdir();
    const file = join(directory, 'strowger.db');
    make(file);
    const before = readFileSync(file);
    t.throws(
      () => open(directory),
      { code: 'corrupt', message: /strowger\.db is damaged or is not .*left untouched.*restore/ },
      what,
    );
    t.ok(readFileSync(file).equals(before), 'untouched');
  }
});

void t.test('an empty file, as a power cut may leave one, is a new database', async t => {
  const directory = t.testdir({ 'strowger.db': '' });
  const db = open(directory);
  db.dirty.write(account, accountOf(1));
  db.close();
});

void t.test('a damaged or cut file is told from a sound one', async t => {
  const make = () => {
    const directory = t.testdir();
    const db = open(directory);
    db.transaction(tx => {
      for (let id = 1; id <= 3000; id += 1) tx.write(account, accountOf(id));
    });
    t.strictSame(db.verify(), []);
    db.close();
    return { directory, file: join(directory, 'strowger.db') };
  };
  {
    const { directory, file } = make();
    writeFileSync(file, readFileSync(file).subarray(0, statSync(file).size / 2));
    t.throws(() => open(directory), { code: 'corrupt' }, 'cut');
  }
  {
    const { directory, file } = make();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 100, 4096);
    writeFileSync(file, bytes);
    t.throws(() => open(directory), { code: 'corrupt' }, 'the schema is damaged');
    t.ok(readFileSync(file).equals(bytes), 'untouched');
  }
  {
    const { directory, file } = make();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, bytes.length - 4096 * 10);
    writeFileSync(file, bytes);
    const db = open(directory);
    t.not(db.verify().length, 0, 'damage deep inside is found by verify');
    t.throws(() => db.dirty.foldl(account, (_row, n) => n + 1, 0), { code: 'corrupt' });
    db.close();
  }
});

void t.test('a WAL whose file is gone is not thrown away', async t => {
  const directory = t.testdir({ 'strowger.db-wal': 'the last committed transactions' });
  t.throws(() => open(directory), { code: 'corrupt', message: /-wal file is there/ });
  t.equal(readFileSync(join(directory, 'strowger.db-wal'), 'utf8').length, 31);
});

void t.test(
  'another process stays outside, also after backups, and gets in afterwards',
  async t => {
    const directory = t.testdir();
    const db = open(directory);
    db.dirty.write(account, accountOf(1));
    await db.backup(join(directory, 'b'));
    await db.restore(join(directory, 'b'));
    t.throws(() => open(directory), { code: 'locked' });

    const module = pathToFileURL(join(import.meta.dirname, '../../../storage/mnesia/database.js'));
    const script = `
    const { openDatabase } = await import(${JSON.stringify(module.href)});
    try {
      openDatabase({ directory: ${JSON.stringify(directory)}, tables: [], schemaVersion: 1 }).close();
      console.log('in');
    } catch (error) {
      console.log(error.code, error.message);
    }`;
    const other = () =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const refused = other();
    t.match(refused.stdout, /^locked Another process uses .*strowger\.db\. Find it with "fuser -v/);
    db.dirty.write(account, accountOf(2));
    db.close();
    const entered = other();
    t.equal(entered.stdout.trim(), 'in', entered.stderr);
    rmSync(join(directory, 'b'));
  },
);

void t.test('a commit is an fsync of the WAL', async t => {
  const engine = openEngine(join(t.testdir(), 'strowger.db'));
  t.equal(engine.pragma('journal_mode'), 'wal');
  t.equal(engine.pragma('synchronous'), 2, 'FULL');
  t.equal(engine.pragma('locking_mode'), 'exclusive');
  t.equal(engine.pragma('auto_vacuum'), 2, 'INCREMENTAL');
  engine.close();
});
