import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import type { Match } from '../../../storage/mnesia/match.ts';
import type { Continuation } from '../../../storage/mnesia/operations.ts';
import { account, accountOf, mail, mailOf, tag } from './tables.ts';
import type { Account, Tag } from './tables.ts';

function filled() {
  const db = openDatabase({ tables: [account, mail, tag], schemaVersion: 1 });
  db.transaction(tx => {
    for (let id = 1; id <= 10; id += 1) {
      tx.write(account, accountOf(id, id % 3 === 0 ? null : id % 2 === 0 ? 'Bonn' : 'Kiel'));
    }
    for (let n = 1; n <= 600; n += 1) tx.write(mail, mailOf(n % 3, n));
    for (let i = 1; i <= 5; i += 1) {
      tx.write(tag, {
        item: i % 2 === 0 ? 'a' : 'b',
        tag: `t${i}`,
        weight: i === 3 ? null : i / 2,
      });
    }
  });
  return db;
}

void t.test('select finds what matches', async t => {
  const db = filled();
  const ids = (match: Match<Account>) =>
    db.dirty.select(account, match, { order: 'id' }).map(({ id }) => id);
  t.strictSame(ids({}), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  t.strictSame(ids({ city: 'Bonn' }), [2, 4, 8, 10]);
  t.strictSame(ids({ city: null }), [3, 6, 9]);
  t.strictSame(ids({ city: { ne: null } }), [1, 2, 4, 5, 7, 8, 10]);
  t.strictSame(ids({ city: { ne: 'Bonn' } }), [1, 3, 5, 6, 7, 9], 'null is not Bonn');
  t.strictSame(ids({ id: { gt: 2, lte: 5 } }), [3, 4, 5]);
  t.strictSame(ids({ id: { gte: 9 }, city: { ne: null } }), [10]);
  t.strictSame(ids({ id: { lt: 3 } }), [1, 2]);
  t.strictSame(ids({ id: { in: [7, 3, 99] } }), [3, 7]);
  t.strictSame(ids({ id: { in: [] } }), []);
  t.strictSame(ids({ city: { in: ['Kiel', null] } }), [1, 3, 5, 6, 7, 9]);
  t.strictSame(ids({ city: { in: [null] } }), [3, 6, 9]);
  t.strictSame(ids({ handle: 'user4' }), [4]);
  t.strictSame(
    db.dirty.select(mail, { body: Buffer.from('1/4') }).map(({ n }) => n),
    [4],
    'a Uint8Array is a value, not bounds',
  );
  t.equal(db.dirty.count(account, { city: 'Bonn' }), 4);
  t.throws(() => ids({ age: 1 } as object), /attributes of table account other than terms/);
  t.throws(() => ids({ profile: null } as object), /other than terms/);
  t.throws(() => ids({ id: { above: 1 } } as object), /expected gt, gte, lt, lte, ne or in/);
  t.throws(() => ids({ id: 'x' } as object), /expected a safe integer for attribute id/);
  db.close();
});

void t.test('select orders, limits and projects', async t => {
  const db = filled();
  t.strictSame(
    db.dirty.select(account, { city: { ne: null } }, { order: ['city', 'id'], limit: 3 }),
    [2, 4, 8].map(id => accountOf(id, 'Bonn')),
  );
  t.strictSame(
    db.dirty.select(
      account,
      { city: { ne: null } },
      { order: ['city', 'id'], reverse: true, limit: 2, attributes: ['id', 'city'] },
    ),
    [
      { id: 7, city: 'Kiel' },
      { id: 5, city: 'Kiel' },
    ],
  );
  t.throws(() => db.dirty.select(account, {}, { limit: 0 }), RangeError);
  t.throws(() => db.dirty.select(account, {}, { limit: 1.5 }), RangeError);
  db.close();
});

void t.test('selectPage goes on where it ended, whatever is written in between', async t => {
  const db = filled();
  const seen: number[] = [];
  let continuation: Continuation | undefined;
  let pages = 0;
  do {
    const page = db.dirty.selectPage(mail, { device: { gte: 1 } }, { limit: 64, continuation });
    seen.push(...page.records.map(({ n }) => n));
    continuation = page.continuation;
    pages += 1;
    const last = page.records.at(-1)!;
    db.dirty.delete(mail, [last.device, last.n]);
    db.dirty.write(mail, mailOf(1, -pages));
  } while (continuation !== undefined);
  const expected = [1, 2].flatMap(device =>
    Array.from({ length: 600 }, (_, i) => i + 1).filter(n => n % 3 === device),
  );
  t.strictSame(seen, expected);
  t.equal(pages, 7);
  db.close();
});

void t.test('a bag is paged and folded in the order of writing', async t => {
  const db = filled();
  const first = db.dirty.selectPage(tag, {}, { limit: 3 });
  t.strictSame(
    first.records.map(row => row.tag),
    ['t1', 't2', 't3'],
  );
  const second = db.dirty.selectPage(tag, {}, { limit: 3, continuation: first.continuation });
  t.strictSame(
    second.records.map(row => row.tag),
    ['t4', 't5'],
  );
  t.equal(second.continuation, undefined);
  const names = db.dirty.foldl(tag, (row: Tag, acc: string) => acc + row.tag, '');
  t.equal(names, 't1t2t3t4t5');
  db.close();
});

void t.test('foldl sees every record once and may write', async t => {
  const db = filled();
  const total = db.transaction(tx =>
    tx.foldl(
      mail,
      (row, sum) => {
        tx.delete(mail, [row.device, row.n]);
        return sum + row.n;
      },
      0,
    ),
  );
  t.equal(total, (600 * 601) / 2);
  t.equal(db.dirty.count(mail), 0);
  t.equal(
    db.dirty.foldl(mail, (_row, sum) => sum + 1, 0),
    0,
  );
  db.close();
});
