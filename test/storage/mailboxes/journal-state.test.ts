/** When mailboxes are written to their tables, and when the journal lets their records go. */
import { join } from 'node:path';
import t from 'tap';
import { readEncodedRows } from '../../../protocol/codec/encoded-rows.ts';
import { rowKinds } from '../../../protocol/codec/rows.ts';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { journal } from '../../../storage/mailboxes/journal.ts';
import { mailboxSegments, watermarks } from '../../../storage/mailboxes/tables.ts';
import { openShard, type ShardOptions } from '../../../storage/shard/sqlite-shard.ts';
import { SCHEMA_VERSION, tables } from '../../../storage/shard/tables.ts';
import type { Command } from '../../../storage/shard/contract.ts';
import { ack, dev, send } from '../../contract/shard/fixture.ts';

const [ann, bob, cid, dan] = [dev('ann'), dev('bob'), dev('cid'), dev('dan')];

/** What is in the tables after these batches: whose watermarks, whose segments, which records of the journal. */
async function after(
  file: string,
  limits: NonNullable<ShardOptions['journal']>,
  ...batches: readonly (readonly Command[])[]
) {
  const store = openShard({ file, shard: 0, shards: 1, journal: limits });
  for (const batch of batches) await store.commit(batch);
  store.close();
  const database = openDatabase({ file, tables, schemaVersion: SCHEMA_VERSION });
  const { dirty } = database;
  const found = {
    settled: dirty.range(watermarks, undefined, undefined).map(({ device }) => device),
    segments: dirty.range(mailboxSegments, undefined, undefined).map(({ device, last }) => [device, last]), // prettier-ignore
    journal: dirty.range(journal, undefined, undefined).map(({ id }) => id),
  };
  database.close();
  return found;
}

const sweep = { kind: 'expire', after: '', before: 1, devices: 9 } as const;

void t.test('a short journal waits, the tables know nothing of it', async t => {
  const file = join(t.testdir(), 'shard.db');
  const found = await after(file, {}, [send(ann, 1, [bob])], [send(ann, 2, [bob])]);
  t.same(found, { settled: [], segments: [], journal: [1, 2] });
});

void t.test('a long one goes into the tables, what waits longest first', async t => {
  const directory = t.testdir();
  const batches = [[send(ann, 1, [bob])], [send(cid, 1, [dan])], [send(ann, 2, [dan])]];
  const limits = { bytes: 200, settledAtOnce: 1 };
  const first = await after(join(directory, 'one.db'), limits, ...batches.slice(0, 2));
  t.same(first, { settled: [], segments: [], journal: [1, 2] });
  const second = await after(join(directory, 'two.db'), limits, ...batches);
  t.same(second, { settled: [ann, bob], segments: [[bob, 1]], journal: [2, 3] });
  const more = await after(join(directory, 'more.db'), { ...limits, settledAtOnce: 3 }, ...batches);
  t.same(more, { settled: [ann, bob, cid], segments: [[bob, 1]], journal: [2, 3] });
});

void t.test('a record goes when the last of its mailboxes is in the tables', async t => {
  const directory = t.testdir();
  const limits = { bytes: 75, settledAtOnce: 1 };
  const alone = (seq: number) => [send(dan, seq, [])];
  const batches = [[send(ann, 1, [bob])], alone(1), alone(2)];
  const one = await after(join(directory, 'one.db'), limits, ...batches.slice(0, 2));
  t.same(one, { settled: [ann], segments: [], journal: [1, 2] });
  const both = await after(join(directory, 'both.db'), limits, ...batches);
  t.same(both, { settled: [ann, bob], segments: [[bob, 1]], journal: [2, 3] });
});

void t.test('what is acknowledged in time never gets into a segment', async t => {
  const file = join(t.testdir(), 'shard.db');
  const batches = [[send(ann, 1, [bob]), send(ann, 2, [bob])], [ack(bob, 2)], [sweep]];
  const found = await after(file, {}, ...batches);
  t.same(found, { settled: [ann, bob], segments: [], journal: [] });
});

void t.test('a sweep has everything written', async t => {
  const file = join(t.testdir(), 'shard.db');
  const found = await after(file, {}, [send(ann, 1, [bob])], [send(ann, 2, [bob, cid])], [sweep]);
  const segments = [[bob, 2], [cid, 1]]; // prettier-ignore
  t.same(found, { settled: [ann, bob, cid], segments, journal: [] });
});

void t.test('what a batch itself acknowledges is not even in the journal', async t => {
  const file = join(t.testdir(), 'shard.db');
  await after(file, {}, [send(ann, 1, [bob]), ack(bob, 1), send(ann, 2, [cid])]);
  const database = openDatabase({ file, tables, schemaVersion: SCHEMA_VERSION });
  const rows = readEncodedRows(database.dirty.first(journal)?.rows ?? new Uint8Array(0));
  database.close();
  // The receipt for ann, and cid's message.
  t.same(rows.map(({ tail }) => tail.kind), [rowKinds.receipt, rowKinds.message]); // prettier-ignore
});
