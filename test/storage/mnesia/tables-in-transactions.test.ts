import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';
import { StorageError, TransactionAborted } from '../../../storage/mnesia/storage-error.ts';
import { account, accountOf, mail, mailOf, tag } from './tables.ts';

const open = (directory?: string) =>
  openDatabase({
    ...(directory === undefined ? {} : { directory }),
    tables: [mail, account, tag],
    schemaVersion: 1,
  });

void t.test('a set holds one record per key', async t => {
  const db = open();
  db.transaction(tx => {
    tx.write(account, accountOf(1, 'Kiel', { langs: ['de', 'en'], avatar: Buffer.from([1, 2]) }));
    tx.write(account, accountOf(2, 'Rom'));
    tx.write(account, accountOf(2, 'Bonn'));
    t.equal(tx.count(account), 2);
    t.strictSame(tx.read(account, 'user2'), accountOf(2, 'Bonn'));
    t.equal(tx.read(account, 'nobody'), undefined);
    t.strictSame(tx.readAll(account, 'user2'), [accountOf(2, 'Bonn')]);
    const profile = tx.read(account, 'user1')?.profile as { langs: string[]; avatar: Uint8Array };
    t.strictSame(profile.langs, ['de', 'en']);
    t.ok(Buffer.from([1, 2]).equals(profile.avatar));
    t.throws(() => tx.insert(account, accountOf(2)), { code: 'already_exists' });
    t.strictSame(tx.update(account, 'user2', { city: null }), accountOf(2));
    t.equal(tx.update(account, 'nobody', { city: null }), undefined);
    t.throws(() => tx.update(account, 'user2', { handle: 'x' }), /cannot change handle/);
    t.equal(tx.deleteObject(account, accountOf(2, 'Bonn')), false);
    t.equal(tx.deleteObject(account, accountOf(2)), true);
    t.equal(tx.delete(account, 'user2'), 0);
    t.equal(tx.delete(account, 'user1'), 1);
  });
  db.close();
});

void t.test('an ordered_set is walked by key, by prefix and in both directions', async t => {
  const db = open();
  const ns = (rows: { n: number }[]) => rows.map(row => row.n);
  db.transaction(tx => {
    for (const n of [3, 1, 10, 2]) tx.write(mail, mailOf(7, n));
    tx.write(mail, mailOf(6, 5));
    tx.write(mail, mailOf(8, 1));
    t.strictSame(ns(tx.range(mail, [7], [7])), [1, 2, 3, 10]);
    t.strictSame(ns(tx.range(mail, [7, 2], [7, 9])), [2, 3]);
    t.strictSame(ns(tx.range(mail, [7, 2], [7])), [2, 3, 10]);
    t.strictSame(ns(tx.range(mail, [7], [7, 2])), [1, 2]);
    t.strictSame(ns(tx.range(mail, [7, 3], [8, 1])), [3, 10, 1]);
    t.strictSame(ns(tx.range(mail, undefined, [7, 1])), [5, 1]);
    t.strictSame(ns(tx.range(mail, undefined, undefined)), [5, 1, 2, 3, 10, 1]);
    t.strictSame(ns(tx.range(mail, [7], [7], { limit: 2 })), [1, 2]);
    t.strictSame(ns(tx.range(mail, [7], [7], { limit: 2, reverse: true })), [10, 3]);
    t.strictSame(ns(tx.range(mail, [7, 9], [7, 2])), []);
    t.strictSame(tx.first(mail), mailOf(6, 5));
    t.strictSame(tx.last(mail), mailOf(8, 1));
    t.strictSame(tx.next(mail, [7, 3]), mailOf(7, 10));
    t.strictSame(tx.prev(mail, [7, 4]), mailOf(7, 3));
    t.equal(tx.next(mail, [8, 1]), undefined);
    t.equal(tx.deleteRange(mail, [7], undefined, 3), 3);
    t.equal(tx.deleteRange(mail, [7], 11, undefined), 0);
    t.strictSame(ns(tx.range(mail, [7], [7])), [10]);
    t.equal(tx.deleteRange(mail, [], 6, 6), 1);
    t.equal(tx.deleteRange(mail, [7], undefined, undefined), 1);
    t.equal(tx.count(mail), 1);
  });
  t.throws(() => db.dirty.range(account, undefined, undefined), /has no order/);
  t.throws(() => db.dirty.read(mail, [7]), /expected a key of 2 parts/);
  db.close();
});

void t.test('a bag holds several records per key, each once, in the order of writing', async t => {
  const db = open();
  const of = (name: string, weight: number | null) => ({ item: 'a', tag: name, weight });
  db.transaction(tx => {
    tx.write(tag, of('z', 1));
    tx.write(tag, of('b', null));
    tx.write(tag, of('b', null));
    tx.write(tag, of('z', 2));
    t.strictSame(tx.readAll(tag, 'a'), [of('z', 1), of('b', null), of('z', 2)]);
    t.equal(tx.deleteObject(tag, of('b', null)), true);
    t.strictSame(tx.indexRead(tag, 'tag', 'z'), [of('z', 1), of('z', 2)]);
    t.throws(() => tx.read(tag, 'a'), /use readAll/);
    t.throws(() => tx.insert(tag, of('q', 1)), /use write/);
    t.equal(tx.delete(tag, 'a'), 2);
  });
  db.close();
});

void t.test('indexRead needs an index and reads by its first attributes', async t => {
  const db = open();
  db.transaction(tx => {
    for (const id of [3, 1, 2]) tx.write(account, accountOf(id, id === 3 ? null : 'Ulm'));
    t.strictSame(tx.indexRead(account, 'id', 2), [accountOf(2, 'Ulm')]);
    t.strictSame(
      tx.indexRead(account, 'city', 'Ulm').map(row => row.id),
      [1, 2],
    );
    t.strictSame(tx.indexRead(account, 'city', null), [accountOf(3)]);
    t.strictSame(tx.indexRead(account, ['city', 'id'], ['Ulm', 1]), [accountOf(1, 'Ulm')]);
    t.throws(() => tx.indexRead(account, 'profile', 1), /no index that starts with profile/);
  });
  db.close();
});

void t.test('an error, an abort and a promise roll everything back', async t => {
  const db = open();
  const boom = new Error('boom');
  const write = (id: number) => {
    db.dirty.write(account, accountOf(id));
  };
  t.throws(
    () =>
      db.transaction(tx => {
        tx.write(account, accountOf(1));
        tx.write(tag, { item: 'a', tag: 'b', weight: null });
        throw boom;
      }),
    boom,
  );
  t.throws(
    () =>
      db.transaction(tx => {
        tx.write(account, accountOf(2));
        tx.abort({ why: 'enough' });
      }),
    new TransactionAborted({ why: 'enough' }),
  );
  t.throws(
    () => db.transaction(async tx => tx.write(account, accountOf(3))),
    /expected a synchronous transaction body/,
  );
  t.equal(db.dirty.count(account), 0);
  t.equal(db.dirty.count(tag), 0, 'in ram too');
  write(4);
  t.equal(db.dirty.count(account), 1);
  db.close();
});

void t.test('a transaction within a transaction is undone alone', async t => {
  const db = open();
  db.transaction(tx => {
    tx.write(account, accountOf(1));
    t.throws(
      () =>
        db.transaction(inner => {
          inner.write(account, accountOf(2));
          db.transaction(innermost => innermost.write(account, accountOf(3)));
          inner.abort('no');
        }),
      TransactionAborted,
    );
    t.equal(
      db.transaction(inner => {
        inner.write(account, accountOf(4));
        return inner.count(account);
      }),
      2,
    );
  });
  t.equal(db.dirty.count(account), 2);
  db.close();
});

void t.test('a transaction ends with its body', async t => {
  const db = open();
  const kept = db.transaction(tx => tx);
  t.throws(() => kept.write(account, accountOf(1)), /has ended/);
  t.equal(db.dirty.count(account), 0);
  db.close();
  t.throws(() => db.dirty.count(account), { code: 'closed' });
  t.throws(() => db.transaction(() => 0), { code: 'closed' });
  t.doesNotThrow(() => db.close());
});

void t.test('values that do not fit are refused by name, and change nothing', async t => {
  const db = open();
  const bad: [unknown, RegExp][] = [
    [{ ...accountOf(1), id: 1.5 }, /expected a safe integer for attribute id, got 1.5/],
    [{ ...accountOf(1), id: 2 ** 53 }, /expected a safe integer for attribute id/],
    [{ ...accountOf(1), id: '1' }, /expected a safe integer for attribute id, got a string/],
    [{ ...accountOf(1), id: 1n }, /attribute id, got a bigint/],
    [{ ...accountOf(1), handle: null }, /expected a well-formed string for attribute handle/],
    [{ ...accountOf(1), handle: '\ud800' }, /got an ill-formed string/],
    [{ ...accountOf(1), city: undefined }, /string or null for attribute city, got undefined/],
    [accountOf(1, null, new Date()), /in profile, got an object Date/],
    [accountOf(1, null, /x/), /in profile, got an object RegExp/],
    [accountOf(1, null, [new Map()]), /in profile, got an object Map/],
    [accountOf(1, null, { a: undefined }), /in profile, got undefined/],
    [accountOf(1, null, 10n), /in profile, got a bigint/],
  ];
  for (const [record, message] of bad) {
    t.throws(() => db.dirty.write(account, record as ReturnType<typeof accountOf>), message);
  }
  t.equal(db.dirty.count(account), 0);
  db.close();
});

void t.test('disc tables are there after a restart, ram tables are empty', async t => {
  const directory = t.testdir();
  const first = open(directory);
  first.transaction(tx => {
    tx.write(account, accountOf(1));
    tx.write(mail, mailOf(1, 1, 'x'));
    tx.write(tag, { item: 'a', tag: 'b', weight: 0.5 });
  });
  t.throws(() => open(directory), { code: 'locked', message: /Another process uses .*fuser -v/ });
  first.close();
  const second = open(directory);
  t.strictSame(second.dirty.read(account, 'user1'), accountOf(1));
  t.strictSame(second.dirty.read(mail, [1, 1]), mailOf(1, 1, 'x'));
  t.equal(second.dirty.count(tag), 0);
  second.close();
});

void t.test('a table that the database does not have is named', async t => {
  const db = open();
  const other = defineTable<{ id: number }>({
    name: 'other',
    type: 'set',
    storage: 'disc_copies',
    attributes: { id: 'integer' },
    key: ['id'],
  });
  const renamed = defineTable<{ id: number }>({ ...definitionOf(other), name: 'mail' });
  t.throws(() => db.dirty.read(other, 1), { code: 'no_exists', message: /Table other is not in/ });
  t.throws(() => db.dirty.read(renamed, 1), StorageError);
  db.close();
});

const definitionOf = (table: { name: string }) => ({
  name: table.name,
  type: 'set' as const,
  storage: 'disc_copies' as const,
  attributes: { id: 'integer' as const },
  key: ['id' as const],
});
