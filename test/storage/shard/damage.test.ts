/** Bytes in a shard's file that are not what the store wrote: said so, with what and where. */
import { join } from 'node:path';
import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { journal } from '../../../storage/mailboxes/journal.ts';
import { linkSegments } from '../../../storage/links/tables.ts';
import { bodies, mailboxSegments, type SegmentRecord } from '../../../storage/mailboxes/tables.ts';
import { countMessages } from '../../../storage/shard/count-messages.ts';
import { migrations } from '../../../storage/shard/migrations.ts';
import { openShard } from '../../../storage/shard/sqlite-shard.ts';
import { SCHEMA_VERSION, tables } from '../../../storage/shard/tables.ts';
import { ack, dev, send, userIn } from '../../contract/shard/fixture.ts';

const [ann, bob, cid] = [dev('ann'), dev('bob'), dev('cid')];
const options = { shard: 0, shards: 1, reserveBytes: 65_536 };
const read = { kind: 'read_rows', device: bob, after: 0, rows: 9, bytes: 1e6 } as const;

const open = (file: string) => openDatabase({ file, tables, migrations, schemaVersion: SCHEMA_VERSION }); // prettier-ignore

/** Three messages for bob in one segment, the second of them shared with cid; and what `tables` says. */
async function fill(file: string, journaled = false): Promise<void> {
  const limits = journaled ? {} : { journal: { bytes: 0 } };
  const store = openShard({ ...options, ...limits, file });
  await store.commit([send(ann, 1, [bob]), send(ann, 2, [bob, cid]), send(ann, 3, [bob])]);
  store.close();
}

async function withSegment(
  file: string,
  change: (segment: SegmentRecord) => Partial<SegmentRecord>,
) {
  await fill(file);
  const database = open(file);
  database.transaction(tx => {
    const segment = tx.read(mailboxSegments, [bob, 3]);
    if (segment === undefined) throw new Error('there is no segment');
    tx.delete(mailboxSegments, [bob, 3]);
    tx.write(mailboxSegments, { ...segment, ...change(segment) });
  });
  database.close();
  return openShard({ ...options, file });
}

void t.test('a damaged segment', async t => {
  const directory = t.testdir();
  const damage: [string, RegExp, (segment: SegmentRecord) => Partial<SegmentRecord>][] = [
    ['cut', /byte \d+: the bytes end within a value/, ({ rows }) => ({ rows: rows.slice(0, -1) })],
    ['not rows', /byte 0: no row begins here/, () => ({ rows: Buffer.from([0xc0]) })],
    ['another end', /it ends with row 3/, () => ({ last: 4 })],
    ['twice', /row 1 follows row 3/, ({ rows }) => ({ rows: Buffer.concat([rows, rows]) })],
    ['empty', /it ends with row 0/, () => ({ rows: Buffer.alloc(0) })],
    [
      'no number',
      /byte 6: a number was expected here/,
      ({ rows }) => ({ rows: patched(rows, 9, 0xc2) }),
    ],
  ];
  for (const [name, message, change] of damage) {
    const store = await withSegment(join(directory, `${name}.db`), change);
    const said = { code: 'corrupt', message };
    await t.rejects(store.commit([read]), said, `${name}, read`);
    await t.rejects(store.commit([ack(bob, 3)]), said, `${name}, acknowledged`);
    await t.rejects(store.commit([read]), { message: /bob:1.*Restore a backup/ });
    t.match(await store.commit([{ ...read, device: cid }]), {}, 'other mailboxes are served');
    store.close();
  }
});

const patched = (bytes: Uint8Array, at: number, byte: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at] = byte;
  return copy;
};

void t.test('a shared body that is not there', async t => {
  const file = join(t.testdir(), 'shard.db');
  await fill(file);
  const database = open(file);
  database.dirty.delete(bodies, 1);
  database.close();
  const store = openShard({ ...options, file });
  await t.rejects(store.commit([read]), {
    code: 'corrupt',
    message: /the body of row 2, number 1/,
  });
  store.close();
});

void t.test('a damaged journal', async t => {
  const file = join(t.testdir(), 'shard.db');
  await fill(file, true);
  t.equal(countMessages(file), 4);
  for (const change of [{ entries: Buffer.from([0xc1]) }, { rows: Buffer.from([0x92, 1]) }]) {
    const database = open(file);
    const record = database.dirty.first(journal);
    if (record === undefined) throw new Error('there is no journal');
    database.dirty.write(journal, { ...record, ...change });
    database.close();
    const said = { code: 'corrupt', message: /Record 1 of the mailboxes’ journal is damaged: / };
    t.throws(() => openShard({ ...options, file }), said);
    const again = open(file);
    again.dirty.write(journal, record);
    again.close();
  }
  const store = openShard({ ...options, file });
  t.equal((await store.commit([read])).appended.size, 0);
  store.close();
});

void t.test(
  'messages are counted in the journal and in segments, acknowledged ones not',
  async t => {
    for (const bytes of [0, 1e6]) {
      const file = join(t.testdir(), `${bytes}.db`);
      const store = openShard({ ...options, journal: { bytes }, file });
      await store.commit([send(ann, 1, [bob]), send(ann, 2, [bob, cid]), send(ann, 3, [bob])]);
      await store.commit([ack(bob, 2), send(ann, 4, [cid])]);
      store.close();
      t.equal(countMessages(file), 3);
    }
  },
);

void t.test('a damaged segment on its way to another shard', async t => {
  const file = join(t.testdir(), 'shard.db');
  const place = { shard: 0, shards: 2, reserveBytes: 65_536, file };
  const [here, there] = [dev(userIn(0, 2)), dev(userIn(1, 2))];
  const filled = openShard(place);
  await filled.commit([send(here, 1, [there]), send(here, 2, [there])]);
  filled.close();
  const readLink = { kind: 'read_link', target: 1, after: null, bytes: 1e6 } as const;
  const database = () => openDatabase({ file, tables, schemaVersion: SCHEMA_VERSION });
  const opened = database();
  const segment = opened.dirty.first(linkSegments);
  if (segment === undefined) throw new Error('there is no segment');
  opened.close();
  const { items } = segment;
  const damage: [string, RegExp, Partial<typeof segment>][] = [
    ['cut', /byte \d+: no item begins here/, { items: items.slice(0, -1) }],
    ['not items', /byte 0: no item begins here/, { items: Buffer.from([0xc0]) }],
    ['no device', /byte 0: an item names what is no device/, { items: patched(items, 1, 0xc2) }],
    ['too few', /2 items where there were 3/, { count: 3 }],
  ];
  for (const [name, message, change] of damage) {
    const spoilt = database();
    spoilt.dirty.write(linkSegments, { ...segment, ...change });
    spoilt.close();
    const store = openShard(place);
    await t.rejects(store.commit([readLink]), { code: 'corrupt', message }, name);
    await t.rejects(store.commit([readLink]), { message: /for shard 1.*row 2.*Restore a backup/ });
    t.match(await store.commit([{ ...read, device: here }]), {}, 'mailboxes are served');
    store.close();
  }
});
