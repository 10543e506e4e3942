/** A data directory that an older program wrote is brought to the tables of this one, and goes on. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { DeviceId, GroupId, UserId } from '../../../protocol/ids.ts';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import { journal } from '../../../storage/mailboxes/journal.ts';
import {
  bodies,
  bodyCounts,
  mailboxSegments,
  receiptRows,
  watermarks,
} from '../../../storage/mailboxes/tables.ts';
import { notedTail } from '../../../storage/mailboxes/row-tails.ts';
import { newWatermark } from '../../../storage/mailboxes/mailbox-state.ts';
import { receipts } from '../../../storage/receipts/tables.ts';
import {
  type LinkItem,
  type LinkSegment,
  encodeSegments,
} from '../../../protocol/delivery/link-items.ts';
import { linkEnds } from '../../../storage/links/tables.ts';
import { facts } from '../../../storage/shard/facts.ts';
import { openShard } from '../../../storage/shard/sqlite-shard.ts';
import {
  ack,
  begin,
  bodyOf,
  bulk,
  dev,
  linked,
  send,
  userIn,
  type ShardContract,
} from '../../contract/shard/fixture.ts';

const [ann, bob, cid] = [dev('ann'), dev('bob'), dev('cid')];
const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;

/** The mailboxes of version 1: a record per row. */
const mailboxRows = defineTable<{
  device: DeviceId;
  n: number;
  kind: number;
  peer: string | null;
  seq: number;
  conversation: string | null;
  at: number;
  size: number;
  body: Uint8Array | null;
  bodyId: number | null;
  extra: unknown;
}>({
  name: 'mailbox_rows',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: {
    device: 'text',
    n: 'integer',
    kind: 'integer',
    peer: { type: 'text', null: true },
    seq: 'integer',
    conversation: { type: 'text', null: true },
    at: 'integer',
    size: 'integer',
    body: { type: 'blob', null: true },
    bodyId: { type: 'integer', null: true },
    extra: { type: 'term', null: true },
  },
  key: ['device', 'n'],
});
const [MESSAGE, UNDELIVERED, GROUP] = [1, 2, 3];

/** The rows between shards of versions 1 and 2: a record each, a term of whatever it was. */
const linkRows = defineTable<{ target: number; m: number; item: unknown }>({
  name: 'link_rows',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { target: 'integer', m: 'integer', item: 'term' },
  key: ['target', 'm'],
});
const tables = [
  facts,
  watermarks,
  mailboxRows,
  bodies,
  bodyCounts,
  receiptRows,
  receipts,
  linkRows,
];
const tablesV2 = [facts, watermarks, mailboxSegments, journal, bodies, bodyCounts, receiptRows, receipts, linkRows, linkEnds]; // prettier-ignore

const blank = { seq: 0, conversation: null, at: 0, size: 0, body: null, bodyId: null, extra: null };

/** As version 1 left it: bob has taken the first two of `many` messages, cid nothing; two of them are shared. */
function writeVersion1(file: string, many: number, damage: object = {}): void {
  const database = openDatabase({ file, tables, schemaVersion: 1 });
  database.transaction(tx => {
    tx.write(facts, { name: 'shard', value: 0 });
    tx.write(facts, { name: 'shards', value: 1 });
    tx.write(facts, { name: 'era', value: 5 });
    const at = 1_000;
    const message = (n: number) => ({
      ...blank,
      n,
      kind: MESSAGE,
      peer: ann,
      seq: n,
      at,
    });
    for (let n = 3; n <= many; n++)
      tx.write(mailboxRows, { device: bob, ...message(n), size: 200, body: bulk(200) });
    tx.write(mailboxRows, { device: bob, ...message(many + 1), size: 4, bodyId: 9 });
    tx.write(mailboxRows, { device: cid, ...message(1), seq: many + 1, size: 4, bodyId: 9, conversation: group }); // prettier-ignore
    tx.write(bodies, { id: 9, body: bodyOf(99) });
    tx.write(bodyCounts, { id: 9, rows: 2 });
    const told = { version: 3, event: 'left', by: 'dan', users: ['dan'] };
    tx.write(mailboxRows, { ...blank, device: cid, n: 2, kind: GROUP, peer: null, conversation: group, at: 7, extra: told, ...damage }); // prettier-ignore
    tx.write(mailboxRows, { ...blank, device: cid, n: 4, kind: UNDELIVERED, peer: ann, extra: { after: 1, upTo: 2 } }); // prettier-ignore
    tx.write(receiptRows, { device: cid, peer: ann, n: 3, delivered: 6, read: [[null, 5]] });
    const waits = { messages: many - 1, bytes: (many - 2) * 200 + 4 };
    tx.write(watermarks, { ...newWatermark(bob), lastRow: many + 1, acked: 2, ...waits });
    tx.write(watermarks, { ...newWatermark(cid), lastRow: 4, messages: 1, bytes: 4 });
    tx.write(watermarks, { ...newWatermark(ann), upTo: many + 1, seen: many + 1 });
    tx.write(receipts, { peer: bob, sender: ann, stored: many + 1, delivered: 2, read: null });
  });
  database.close();
}

const contract = (file: string): ShardContract => ({
  name: 'a file of an older version',
  durable: true,
  open: ({ name: _, ...options }) => openShard({ ...options, file, reserveBytes: 65_536 }),
});

void t.test('mailboxes of version 1 go on as they were', async t => {
  const directory = t.testdir();
  const file = join(directory, 'shard.db');
  const many = 1_000;
  writeVersion1(file, many);
  const shard = begin(t, contract(file));
  t.equal(shard.store.era, 5);
  t.ok(readdirSync(directory).some(name => /^shard\.db\.v1\..*\.snapshot$/.test(name)));
  const rows = await shard.rows(bob);
  const numbers = Array.from({ length: many - 1 }, (_, i) => i + 3);
  t.same(rows.map(({ n }) => n), numbers); // prettier-ignore
  t.match(rows[0], { from: ann, seq: 3, conversation: null, acceptedAt: 1_000 });
  t.match(rows.at(-1), { from: ann, seq: many + 1, body: bodyOf(99) });
  t.same(await shard.rows(cid), [
    { kind: 'message', n: 1, from: ann, seq: many + 1, conversation: group, acceptedAt: 1_000, body: bodyOf(99) },
    { kind: 'group', n: 2, group, version: 3, event: 'left', by: 'dan' as UserId, users: ['dan'], at: 7 },
    { kind: 'receipt', n: 3, peer: ann, delivered: 6, read: [[null, 5]] },
    { kind: 'undelivered', n: 4, peer: ann, after: 1, upTo: 2 },
  ]); // prettier-ignore
  // A body that was shared outlives the first of its rows, and what is acknowledged comes out even.
  await shard.one(ack(bob, many + 1));
  t.match((await shard.rows(ann)).at(-1), { kind: 'receipt', peer: bob, delivered: many + 1 });
  t.match(await shard.rows(cid), [{ body: bodyOf(99) }, {}, {}, {}]);
  await shard.one(ack(cid, 4));
  await shard.one(send(ann, many + 2, [bob, cid]));
  shard.reopen();
  t.match(await shard.rows(bob), [{ n: many + 2 }]);
  t.match(await shard.rows(cid), [{ n: 5 }]);
});

void t.test('what cannot be brought over is left as it was', t => {
  const file = join(t.testdir(), 'shard.db');
  writeVersion1(file, 5, { kind: 8, peer: ann });
  const open = () => openShard({ file, shard: 0, shards: 1, reserveBytes: 65_536 });
  const expected = { code: 'migration_failed', message: /row 2 of cid:1 is of unknown kind 8/ };
  t.throws(open, expected);
  const database = openDatabase({ file, tables, schemaVersion: 1 });
  t.equal(database.dirty.count(mailboxRows), 7);
  database.close();
  t.throws(open, StorageError);
  t.end();
});

const far = dev(userIn(1, 3));
const farther = dev(userIn(2, 3));
const near = dev(userIn(0, 3));

/** As version 2 left it: shard 1 has acknowledged 5 rows of shard 0 and may have applied more, shard 2 none. */
function writeVersion2(file: string, many: number, damage: object = {}): void {
  const database = openDatabase({ file, tables: tablesV2, schemaVersion: 2 });
  database.transaction(tx => {
    tx.write(facts, { name: 'shard', value: 0 });
    tx.write(facts, { name: 'shards', value: 3 });
    tx.write(facts, { name: 'era', value: 5 });
    const message = (m: number, targets: readonly DeviceId[]) => ({ kind: 'message', from: near, seq: m, conversation: group, acceptedAt: 7, targets, body: bulk(200) }); // prettier-ignore
    for (let m = 6; m <= many; m++) tx.write(linkRows, { target: 1, m, item: message(m, [far]) });
    tx.write(linkEnds, { shard: 1, last: many, acked: 5, applied: 3 });
    tx.write(linkRows, { target: 2, m: 1, item: message(1, [farther, dev('x', 2)]) });
    const row = (m: number, row: object) => ({ target: 2, m, item: { kind: 'row', device: farther, row, ...damage } }); // prettier-ignore
    tx.write(linkRows, row(2, { kind: 'receipt', peer: near, delivered: 6, read: [[null, 5]] }));
    tx.write(linkRows, row(3, { kind: 'undelivered', peer: near, after: 1, upTo: 2 }));
    tx.write(linkRows, row(4, { kind: 'group', group, version: 3, event: 'left', by: 'dan', users: ['dan'], at: 7 })); // prettier-ignore
    tx.write(linkEnds, { shard: 2, last: 4, acked: 0, applied: 0 });
  });
  database.close();
}

void t.test('rows that wait for other shards in version 2 arrive, and go on in order', async t => {
  const file = join(t.testdir(), 'shard.db');
  const many = 1_000;
  writeVersion2(file, many);
  const shard = begin(t, contract(file), { shard: 0, shards: 3 });
  const waiting = async (target: number) =>
    (await shard.one({ kind: 'read_link', target, after: null, bytes: 1e9 })).segments;
  const rows = linked(await waiting(1));
  t.same(rows.map(({ m }) => m), Array.from({ length: many - 5 }, (_, i) => i + 6)); // prettier-ignore
  t.match(rows[0], { devices: [far], row: { kind: 'message', from: near, seq: 6, conversation: group, acceptedAt: 7 } }); // prettier-ignore
  t.same(linked(await waiting(2)).slice(1), [
    { m: 2, devices: [farther], row: { kind: 'receipt', peer: near, delivered: 6, read: [[null, 5]] } },
    { m: 3, devices: [farther], row: { kind: 'undelivered', peer: near, after: 1, upTo: 2 } },
    { m: 4, devices: [farther], row: { kind: 'group', group, version: 3, event: 'left', by: 'dan', users: ['dan'], at: 7 } },
  ]); // prettier-ignore
  // The other shard had taken some of them, and not yet said so.
  const target = begin(
    t,
    { ...contract(file), open: ({ name: _, ...options }) => openShard(options) },
    { shard: 1, shards: 3 },
  );
  await target.one({ kind: 'apply_link', source: 0, segment: forNobody(7) });
  for (const segment of await waiting(1))
    t.match(await target.one({ kind: 'apply_link', source: 0, segment }), { gap: false });
  t.match((await target.rows(far)).map(row => row.kind === 'message' && row.seq), Array.from({ length: many - 7 }, (_, i) => i + 8)); // prettier-ignore
  await shard.one({ kind: 'trim_link', target: 1, upTo: many });
  t.same(await waiting(1), []);
  const { links } = await shard.commit(send(near, 1, [far]));
  t.match(links.get(1), [{ after: many, count: 1 }]);
});

/** A segment that brings the other end’s watermark to this number, by rows for nobody. */
function forNobody(count: number): LinkSegment {
  const row = { kind: 'receipt', peer: near, delivered: 1, read: [] } as const;
  const item = { devices: [], tail: notedTail(row) };
  const [segment] = encodeSegments(0, new Array<LinkItem>(count).fill(item));
  if (segment === undefined) throw new Error('there is no segment');
  return segment;
}

void t.test('link rows that cannot be brought over are left as they were', t => {
  const file = join(t.testdir(), 'shard.db');
  writeVersion2(file, 9, { row: { kind: 'receipt' } });
  const open = () => openShard({ file, shard: 0, shards: 3, reserveBytes: 65_536 });
  t.throws(open, { code: 'migration_failed', message: /version 3/ });
  const database = openDatabase({ file, tables: tablesV2, schemaVersion: 2 });
  t.equal(database.dirty.count(linkRows), 8);
  database.close();
  t.end();
});
