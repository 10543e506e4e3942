import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import type { Migration } from '../../../storage/mnesia/migrations.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';

interface Person1 {
  id: number;
  name: string;
}
interface Person2 {
  id: number;
  first: string;
  last: string | null;
}

const person1 = defineTable<Person1>({
  name: 'person',
  type: 'set',
  storage: 'disc_copies',
  attributes: { id: 'integer', name: 'text' },
  key: ['id'],
});
const person2 = defineTable<Person2>({
  name: 'person',
  type: 'ordered_set',
  storage: 'disc_copies',
  attributes: { id: 'integer', first: 'text', last: { type: 'text', null: true } },
  key: ['id'],
  indexes: ['last'],
});
const counter = defineTable<{ name: string; n: number }>({
  name: 'counter',
  type: 'set',
  storage: 'disc_copies',
  attributes: { name: 'text', n: 'integer' },
  key: ['name'],
});

const split: Migration = {
  version: 2,
  name: 'split names',
  up(tx) {
    tx.transformTable(
      person1,
      old => {
        const [first = '', last = null] = old.name.split(' ');
        return { id: old.id, first, last };
      },
      person2,
    );
  },
};
const count: Migration = {
  version: 3,
  name: 'count people',
  up(tx) {
    tx.createTable(counter);
    tx.write(counter, { name: 'people', n: tx.count(person2) });
  },
};

const reserveBytes = 0;
const snapshots = (directory: string) =>
  readdirSync(directory)
    .filter(name => name.endsWith('.snapshot'))
    .sort();

function makeVersion1(directory: string): void {
  const db = openDatabase({ directory, tables: [person1], schemaVersion: 1, reserveBytes });
  db.transaction(tx => {
    for (let id = 1; id <= 3000; id += 1) tx.write(person1, { id, name: `A${id} B${id % 7}` });
  });
  db.close();
}

void t.test('migrates step by step, with a snapshot of every version passed', async t => {
  const directory = t.testdir();
  makeVersion1(directory);
  const log: unknown[] = [];
  const logger = {
    info: (_fields: object, message: string) => log.push(message),
    warn: (_fields: object, message: string) => log.push(message),
    error: (_fields: object, message: string) => log.push(message),
  };
  const tables = [person2, counter];
  const migrations = [split, count];
  let db = openDatabase({
    directory,
    tables,
    schemaVersion: 3,
    migrations,
    reserveBytes,
    logger,
  });
  t.strictSame(log, ['split names', 'count people']);
  t.equal(db.dirty.count(person2), 3000);
  t.strictSame(db.dirty.read(person2, 12), { id: 12, first: 'A12', last: 'B5' });
  t.equal(db.dirty.indexRead(person2, 'last', 'B5').length, 428);
  t.equal(db.dirty.read(counter, 'people')?.n, 3000);
  db.close();

  const [first, second] = snapshots(directory);
  t.match(first, /^strowger\.db\.v1\.\d{4}-.*\.snapshot$/);
  t.match(second, /^strowger\.db\.v2\./);
  const old = openDatabase({
    file: join(directory, first!),
    tables: [person1],
    schemaVersion: 1,
    reserveBytes,
  });
  t.equal(old.dirty.read(person1, 12)?.name, 'A12 B5', 'a snapshot is a whole database');
  old.close();

  db = openDatabase({ directory, tables, schemaVersion: 3, migrations, reserveBytes });
  t.equal(db.dirty.count(person2), 3000);
  db.close();
  t.equal(snapshots(directory).length, 2, 'nothing to migrate, no snapshot');
});

void t.test('a migration that fails leaves the old version and the snapshot', async t => {
  const directory = t.testdir();
  makeVersion1(directory);
  const failing: Migration = {
    version: 3,
    name: 'fails',
    up(tx) {
      tx.delete(person2, 1);
      tx.createTable(counter);
      throw new Error('division by cucumber');
    },
  };
  t.throws(
    () =>
      openDatabase({
        directory,
        tables: [person2, counter],
        schemaVersion: 3,
        migrations: [split, failing],
        reserveBytes,
      }),
    {
      code: 'migration_failed',
      message:
        /to version 3 \(fails\) failed: division by cucumber.*unchanged at version 2, with a snapshot in .*v2/,
    },
  );
  t.equal(snapshots(directory).length, 2);
  const db = openDatabase({
    directory,
    tables: [person2],
    schemaVersion: 2,
    migrations: [split],
    reserveBytes,
  });
  t.equal(db.dirty.count(person2), 3000);
  t.strictSame(db.tables(), ['person']);
  db.close();
});

void t.test('a transformation that makes one key twice fails as a whole', async t => {
  const directory = t.testdir();
  makeVersion1(directory);
  const merging: Migration = {
    version: 2,
    name: 'merge',
    up: tx => tx.transformTable(person1, old => ({ ...old, id: old.id % 10 }), person1),
  };
  t.throws(
    () =>
      openDatabase({
        directory,
        tables: [person1],
        schemaVersion: 2,
        migrations: [merging],
        reserveBytes,
      }),
    { code: 'migration_failed' },
  );
  const db = openDatabase({ directory, tables: [person1], schemaVersion: 1, reserveBytes });
  t.equal(db.dirty.count(person1), 3000);
  db.close();
});

void t.test('newer data, a missing migration and other tables are refused', async t => {
  const directory = t.testdir();
  makeVersion1(directory);
  const openAt = (schemaVersion: number, tables = [person1], migrations: Migration[] = []) =>
    openDatabase({ directory, tables, schemaVersion, migrations, reserveBytes });
  t.throws(() => openAt(2), { code: 'schema_mismatch', message: /no migration leads to 2/ });
  t.throws(() => openDatabase({ directory, tables: [person2], schemaVersion: 1, reserveBytes }), {
    code: 'schema_mismatch',
    message: /Table person .* differs .*Raise schemaVersion/,
  });
  openDatabase({
    directory,
    tables: [person2],
    schemaVersion: 2,
    migrations: [split],
    reserveBytes,
  }).close();
  t.throws(() => openAt(1), {
    code: 'schema_newer',
    message: /has schema version 2; this program knows up to 1\. Use the newer program/,
  });
  t.throws(() => openAt(0), RangeError);
  t.throws(() => openAt(3, [person1], [count, split]), /expected migrations in order/);
  t.throws(() => openAt(3, [person1], [split]), /expected migrations in order up to version 3/);
});

void t.test('a new database starts at the newest version without migrating', async t => {
  const directory = t.testdir();
  const open = () =>
    openDatabase({
      directory,
      tables: [person2, counter],
      schemaVersion: 3,
      migrations: [split, count],
      reserveBytes,
    });
  open().close();
  const db = open();
  t.strictSame(db.tables(), ['counter', 'person']);
  t.equal(snapshots(directory).length, 0);
  db.close();
});
