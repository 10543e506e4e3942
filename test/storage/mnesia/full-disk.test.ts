import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import t from 'tap';
import type { Test } from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import type { Database, DatabaseOptions } from '../../../storage/mnesia/database.ts';
import { toStorageError } from '../../../storage/mnesia/sqlite-errors.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import { mail } from './tables.ts';

const MIB = 1024 * 1024;
const body = Buffer.alloc(4096, 7);

const open = (directory: string, options: Partial<DatabaseOptions> = {}) =>
  openDatabase({
    directory,
    tables: [mail],
    schemaVersion: 1,
    reserveBytes: 2 * MIB,
    ...options,
  });

/** Writes until not one more record has room; returns how many were committed. */
function fill(db: Database, device: number): number {
  let committed = 0;
  for (let batch = 16; batch > 0;) {
    try {
      db.transaction(tx => {
        for (let i = 1; i <= batch; i += 1) {
          tx.insert(mail, { device, n: committed + i, body, note: null });
        }
      });
      committed += batch;
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'disk_full') throw error;
      batch = Math.floor(batch / 2);
    }
  }
  return committed;
}

const writeOne = (db: Database, n: number) => () =>
  db.transaction(tx => tx.write(mail, { device: 99, n, body, note: null }));

/** What must hold on a full disk, whatever filled it. */
function fullAndFreeAgain(t: Test, db: Database): void {
  const committed = fill(db, 1);
  t.ok(committed > 100, `${committed} records fitted`);
  t.equal(db.full, true);
  t.equal(
    db.dirty.count(mail, { device: 1 }),
    committed,
    'what was committed is there, and nothing else',
  );
  t.equal(db.dirty.range(mail, [1], [1], { limit: 3 }).length, 3, 'reading goes on');
  t.throws(writeOne(db, 1), { code: 'disk_full', message: /Make room/ });

  let freed = 0;
  while (freed < committed) {
    const upTo = Math.min(committed, freed + 50);
    freed += db.transaction(tx => tx.deleteRange(mail, [1], undefined, upTo), { frees: true });
  }
  t.equal(db.dirty.count(mail, { device: 1 }), 0, 'everything could be acknowledged and deleted');
  t.equal(db.full, false, 'there is room again');
  t.doesNotThrow(writeOne(db, 2));
  t.strictSame(db.verify(), []);
}

void t.test('a file at its limit of pages: refuses, reads, deletes, recovers', async t => {
  const directory = t.testdir();
  const db = open(directory, { maxPages: 2048 });
  fullAndFreeAgain(t, db);
  t.ok(existsSync(join(directory, 'strowger.db.reserve')));
  fullAndFreeAgain(t, db);
  db.close();
});

void t.test('dirty deletes are let through on a full disk, dirty writes are not', async t => {
  const db = open(t.testdir(), { maxPages: 1024 });
  fill(db, 1);
  t.throws(() => db.dirty.write(mail, { device: 99, n: 1, body, note: null }), {
    code: 'disk_full',
  });
  t.equal(db.dirty.delete(mail, [1, 1]), 1);
  db.close();
});

void t.test(
  'a committed transaction is not reported as failed when the reserve cannot be made',
  async t => {
    const reports: string[] = [];
    const note = (_fields: object, message: string) => reports.push(message);
    const directory = t.testdir();
    const reserve = join(directory, 'strowger.db.reserve');
    const db = open(directory, {
      maxPages: 1024,
      logger: { info: note, warn: note, error: note },
    });
    const committed = fill(db, 1);
    const deleted = db.transaction(
      tx => {
        // The reserve is given up now; something takes its name.
        mkdirSync(reserve);
        return tx.deleteRange(mail, [1], undefined, committed);
      },
      { frees: true },
    );
    t.equal(deleted, committed);
    t.equal(db.dirty.count(mail), 0);
    t.equal(reports.at(-1), 'the reserve could not be made again');
    rmdirSync(reserve);
    t.doesNotThrow(writeOne(db, 1));
    db.close();
  },
);

void t.test('a failed transaction cannot be carried on by catching its error', async t => {
  const db = open(t.testdir(), { maxPages: 512 });
  fill(db, 1);
  const before = db.dirty.count(mail);
  const huge = Buffer.alloc(4 * MIB);
  t.throws(
    () =>
      db.transaction(tx => {
        tx.delete(mail, [1, 1]);
        t.throws(() => tx.write(mail, { device: 2, n: 1, body: huge, note: null }), {
          code: 'disk_full',
        });
        t.throws(() => tx.count(mail), { code: 'disk_full' }, 'every later operation says so');
        t.throws(
          () => db.transaction(inner => inner.delete(mail, [1, 2])),
          { code: 'disk_full' },
          'not in a nested one either',
        );
        tx.delete(mail, [1, 3]);
      }),
    { code: 'disk_full' },
  );
  t.equal(db.dirty.count(mail), before);
  db.close();
});

/** A small file system of its own, or undefined with the reason in the test's output. */
function mountSmall(t: Test, bytes: number): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'strowger-full-disk-'));
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], {
      stdio: 'pipe',
    });
  } catch (error) {
    rmdirSync(directory);
    t.comment(`no small file system could be mounted, a page limit stands in: ${String(error)}`);
    return undefined;
  }
  t.teardown(() => {
    execFileSync('/bin/umount', ['-l', directory]);
    rmdirSync(directory);
  });
  return directory;
}

function standIn(t: Test): void {
  const db = open(t.testdir(), { maxPages: 4096 });
  fullAndFreeAgain(t, db);
  db.close();
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

void t.test('a full file system: refuses, reads, deletes, recovers', async t => {
  const directory = mountSmall(t, 16 * MIB);
  if (directory === undefined) return standIn(t);
  const db = open(directory);
  fullAndFreeAgain(t, db);
  t.ok(existsSync(join(directory, 'strowger.db.reserve')), 'the reserve was made again');
  fullAndFreeAgain(t, db);
  db.close();
});

void t.test(
  'a file system that something else filled: the reserve is only for freeing',
  async t => {
    const directory = mountSmall(t, 12 * MIB);
    if (directory === undefined) return standIn(t);
    const reserve = join(directory, 'strowger.db.reserve');
    const filler = join(directory, 'filler');
    writeFileSync(filler, Buffer.alloc(3 * MIB));

    let db = open(directory);
    const committed = fill(db, 2);
    appendFileSync(filler, Buffer.alloc(freeBytes(directory)));
    t.equal(db.dirty.deleteRange(mail, [2], undefined, 20), 20, 'acks go on');
    t.notOk(existsSync(reserve), 'the reserve was given up');
    t.throws(writeOne(db, 3), { code: 'disk_full' }, 'it is not for writing');
    db.close();

    db = open(directory);
    t.equal(db.full, true, 'known at once after a restart');
    t.throws(writeOne(db, 3), { code: 'disk_full' });
    t.equal(db.dirty.count(mail, { device: 2 }), committed - 20);
    t.equal(db.dirty.deleteRange(mail, [2], 21, 30), 10);
    rmSync(filler);
    t.doesNotThrow(writeOne(db, 3), 'as soon as there is room');
    t.equal(db.full, false);
    t.ok(existsSync(reserve));
    t.strictSame(db.verify(), []);
    db.close();
  },
);

void t.test('the first to meet a full file system may be one that frees', async t => {
  const directory = mountSmall(t, 12 * MIB);
  if (directory === undefined) return standIn(t);
  const filler = join(directory, 'filler');
  let db = open(directory);
  db.transaction(tx => {
    for (let n = 1; n <= 500; n += 1) tx.insert(mail, { device: 1, n, body, note: null });
  });
  db.close();
  writeFileSync(filler, Buffer.alloc(freeBytes(directory)));
  db = open(directory);
  t.equal(db.full, false, 'opened without a byte to spare; nothing was written yet');
  let runs = 0;
  const deleted = db.transaction(
    tx => {
      runs += 1;
      return tx.deleteRange(mail, [1], undefined, 400);
    },
    { frees: true },
  );
  t.equal(deleted, 400);
  t.equal(runs, 2, 'the body was run again with the reserve');
  t.equal(db.dirty.count(mail), 100);
  db.close();
});

void t.test(
  'a WAL that does not fit into the file any more does not lock everything up',
  async t => {
    const directory = mountSmall(t, 22 * MIB);
    if (directory === undefined) return standIn(t);
    const db = open(directory, { reserveBytes: 8 * MIB });
    // Larger than half of what is left: the WAL takes it, and then there is no room for the copy.
    db.transaction(tx => {
      for (let n = 1; n <= 2100; n += 1) tx.insert(mail, { device: 1, n, body, note: null });
    });
    t.ok(freeBytes(directory) < MIB, 'the disk is full now');
    for (let upTo = 100; upTo <= 2100; upTo += 100) {
      t.equal(db.dirty.deleteRange(mail, [1], undefined, upTo), 100);
    }
    t.doesNotThrow(writeOne(db, 1));
    t.equal(db.full, false);
    t.strictSame(db.verify(), []);
    db.close();
  },
);

void t.test('an input/output error without room is a full disk, with room it is not', async t => {
  const directory = mountSmall(t, 2 * MIB);
  if (directory === undefined) return standIn(t);
  const file = join(directory, 'strowger.db');
  // What a commit ends in when only fsync finds out.
  const failed = new BetterSqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
  t.match(toStorageError(failed, file), { code: 'io', cause: failed });
  writeFileSync(join(directory, 'filler'), Buffer.alloc(freeBytes(directory)));
  t.match(toStorageError(failed, file), { code: 'disk_full', cause: failed });
});
