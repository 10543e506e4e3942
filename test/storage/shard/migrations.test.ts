/** A data directory that an older program wrote is brought to the tables of this one, and goes on. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { DeviceId, GroupId, UserId } from '../../../protocol/ids.ts';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import { bodies, bodyCounts, receiptRows, watermarks } from '../../../storage/mailboxes/tables.ts';
import { newWatermark } from '../../../storage/mailboxes/mailbox-state.ts';
import { receipts } from '../../../storage/receipts/tables.ts';
import { facts } from '../../../storage/shard/facts.ts';
import { openShard } from '../../../storage/shard/sqlite-shard.ts';
import {
  ack,
  begin,
  bodyOf,
  bulk,
  dev,
  send,
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
const tables = [facts, watermarks, mailboxRows, bodies, bodyCounts, receiptRows, receipts];

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
  name: 'a file of version 1',
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
