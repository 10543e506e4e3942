import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { ReadCache } from '../../../storage/mnesia/read-cache.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';

interface Item {
  a: number;
  b: string;
  bytes: Uint8Array;
  term: unknown;
}
const item = defineTable<Item>({
  name: 'item',
  type: 'ordered_set',
  storage: 'disc_copies',
  attributes: { a: 'integer', b: 'text', bytes: 'blob', term: 'term' },
  key: ['a', 'b'],
});
const itemOf = (a: number, b: string, text = 'x'): Item => ({
  a,
  b,
  bytes: Buffer.from(text),
  term: { bytes: Buffer.from(text), list: [text] },
});

void t.test('a cached record is the one that was committed last', async t => {
  const db = openDatabase({ tables: [item], schemaVersion: 1 });
  const read = (b: string) => db.dirty.read(item, [1, b]);
  for (const b of ['x', 'y', 'z']) db.dirty.write(item, itemOf(1, b));
  for (const b of ['x', 'y', 'z']) t.strictSame(read(b), itemOf(1, b));

  t.throws(() =>
    db.transaction(tx => {
      tx.write(item, itemOf(1, 'x', 'never'));
      t.strictSame(tx.read(item, [1, 'x']), itemOf(1, 'x', 'never'));
      tx.write(item, itemOf(1, 'new'));
      t.ok(tx.read(item, [1, 'new']));
      tx.abort('no');
    }),
  );
  t.strictSame(read('x'), itemOf(1, 'x'), 'not what was rolled back');
  t.equal(read('new'), undefined);

  db.transaction(tx => {
    t.throws(() =>
      db.transaction(inner => {
        inner.delete(item, [1, 'y']);
        inner.write(item, itemOf(1, 'y', 'inner'));
        t.ok(inner.read(item, [1, 'y']));
        inner.abort('no');
      }),
    );
    t.strictSame(tx.read(item, [1, 'y']), itemOf(1, 'y'));
  });

  t.ok(read('x'));
  db.dirty.deleteRange(item, [1], 'x', 'y');
  t.equal(read('x'), undefined, 'not what a range deleted');
  t.ok(read('z'));
  t.ok(read('z'));
  db.dirty.deleteObject(item, itemOf(1, 'z'));
  t.equal(read('z'), undefined);
  db.close();
});

void t.test('what a caller does to its record stays its own', async t => {
  const db = openDatabase({ tables: [item], schemaVersion: 1 });
  db.dirty.write(item, itemOf(1, 'x'));
  for (let time = 0; time < 3; time += 1) {
    const found = db.dirty.read(item, [1, 'x']);
    t.strictSame(found, itemOf(1, 'x'));
    found!.bytes.fill(0);
    const term = found!.term as { bytes: Uint8Array; list: string[] };
    term.bytes.fill(0);
    term.list.push('spoiled');
    found!.b = 'spoiled';
  }
  db.close();
});

void t.test('the least recently read go first, and nothing too large comes in', async t => {
  const cache = new ReadCache(4000);
  const rowOf = (bytes: number) => ['x'.repeat(bytes)];
  for (let i = 0; i < 40; i += 1) {
    cache.put([i], rowOf(100));
    cache.get([0]);
  }
  t.ok(cache.get([0]), 'read again and again');
  t.notOk(cache.get([1]));
  t.ok(cache.get([39]));
  t.equal(cache.size, 20);
  cache.put([39], rowOf(10));
  t.strictSame(cache.get([39]), rowOf(10));
  t.equal(cache.size, 20);
  cache.put([100], rowOf(2000));
  t.notOk(cache.get([100]));
  cache.put(['a', Buffer.from([1])], rowOf(1));
  t.ok(cache.get(['a', Buffer.from([1])]));
  t.notOk(cache.get(['a', Buffer.from([2])]));
  cache.drop(['a', Buffer.from([1])]);
  t.notOk(cache.get(['a', Buffer.from([1])]));
  cache.clear();
  t.equal(cache.size, 0);
});
