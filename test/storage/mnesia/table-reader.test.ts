import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';
import { BadContinuation, TableReader } from '../../../storage/mnesia/table-reader.ts';
import { mail, mailOf, tag } from './tables.ts';

interface Blob {
  id: Uint8Array;
  size: number;
}

const blobs = defineTable<Blob>({
  name: 'blobs',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { id: 'blob', size: 'real' },
  key: ['id'],
});

function setup() {
  const tables = [mail, tag, blobs];
  const db = openDatabase({ tables, schemaVersion: 1 });
  db.transaction(tx => {
    for (let n = 1; n <= 20; n += 1) tx.write(mail, mailOf(n % 3, n));
    for (let i = 0; i < 7; i += 1) tx.write(tag, { item: 'same', tag: `t${i}`, weight: null });
    for (let i = 0; i < 5; i += 1) tx.write(blobs, { id: Buffer.from([i, 255]), size: i });
  });
  return { db, reader: new TableReader(db, tables) };
}

void t.test('which tables there are, counted no further than asked for', async t => {
  const { reader } = setup();
  const sizes = (limit: number) => reader.list(limit).map(({ table, size }) => [table.name, size]);
  t.same(sizes(100), [
    ['mail', 20],
    ['tag', 7],
    ['blobs', 5],
  ]);
  t.same(
    sizes(6).map(([, size]) => size),
    [6, 6, 5],
  );
  t.equal(reader.size('nothing', 10), undefined);
});

void t.test('all records page by page, whatever the key is made of', async t => {
  const { reader, db } = setup();
  for (const [name, size] of [
    ['mail', 20],
    ['tag', 7],
    ['blobs', 5],
  ] as const) {
    const seen: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const page = reader.page(name, after, 3);
      seen.push(...(page?.records ?? []).map(record => JSON.stringify(record)));
      after = page?.next;
      pages += 1;
      t.ok((page?.records.length ?? 0) <= 3);
    } while (after !== undefined);
    t.equal(seen.length, size, name);
    t.equal(new Set(seen).size, size, `${name}: none twice`);
    t.ok(pages >= Math.ceil(size / 3));
  }
  t.match(reader.page('blobs', undefined, 1)?.records, [[Buffer.from([0, 255]), 0]]);
  t.equal(reader.page('nothing', undefined, 1), undefined);
  db.close();
});

void t.test(
  'a continuation that is none of this table is refused before the table is asked',
  async t => {
    const { reader } = setup();
    const ofMail = reader.page('mail', undefined, 1)?.next ?? '';
    const written = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    t.ok(reader.page('mail', ofMail, 1));
    for (const [name, after] of [
      ['blobs', ofMail],
      ['tag', ofMail],
      ['mail', 'nonsense'],
      ['mail', ''],
      ['mail', written({})],
      ['mail', written([1])],
      ['mail', written([1, '2'])],
      ['mail', written([1, 2.5])],
      ['mail', written([1, 2, 3])],
      ['blobs', written(['text'])],
      ['tag', written(['1'])],
    ] as const) {
      t.throws(() => reader.page(name, after, 1), BadContinuation, `${name} ${after}`);
    }
  },
);
