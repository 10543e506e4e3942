/** When mailboxes are written to their tables, and when the journal lets their records go. */
import { join } from 'node:path';
import t from 'tap';
import { readEncodedRows } from '../../../protocol/codec/encoded-rows.ts';
import { rowKinds } from '../../../protocol/codec/rows.ts';
import type { DeviceId, GroupId } from '../../../protocol/ids.ts';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { journal } from '../../../storage/mailboxes/journal.ts';
import { mailboxSegments, watermarks } from '../../../storage/mailboxes/tables.ts';
import { openShard, type ShardOptions } from '../../../storage/shard/sqlite-shard.ts';
import { SCHEMA_VERSION, tables } from '../../../storage/shard/tables.ts';
import type { Command } from '../../../storage/shard/contract.ts';
import { ack, dev, send } from '../../contract/shard/fixture.ts';

const [ann, bob, cid, dan, eve, fay] = [dev('ann'), dev('bob'), dev('cid'), dev('dan'), dev('eve'), dev('fay')]; // prettier-ignore

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
  const file = join(t.testdir(), 'shard.db');
  const batches = [[send(ann, 1, [bob])], [send(cid, 1, [dan])], [send(eve, 1, [fay])]];
  const limits = { bytes: 200, settledAtOnce: 1 };
  const first = await after(file, limits, ...batches.slice(0, 2));
  t.same(first, { settled: [], segments: [], journal: [1, 2] });
  const third = await after(file, limits, ...batches.slice(2));
  t.same(third, { settled: [ann, bob], segments: [[bob, 1]], journal: [2, 3] });
});

void t.test('a record goes when the last of its mailboxes is in the tables', async t => {
  const directory = t.testdir();
  const limits = { bytes: 75, settledAtOnce: 1 };
  const alone = [cid, dan, eve].map(device => [send(device, 1, [])]);
  const batches = [[send(ann, 1, [bob])], ...alone];
  const one = await after(join(directory, 'one.db'), limits, ...batches.slice(0, 3));
  t.same(one, { settled: [ann], segments: [], journal: [1, 2, 3] });
  const both = await after(join(directory, 'both.db'), limits, ...batches);
  t.same(both, { settled: [ann, bob], segments: [[bob, 1]], journal: [2, 3, 4] });
  const two = { ...limits, settledAtOnce: 2 };
  const atOnce = await after(join(directory, 'two.db'), two, ...batches.slice(0, 3));
  t.same(atOnce, { settled: [ann, bob], segments: [[bob, 1]], journal: [2, 3] });
});

/** So that a record is old after some batches of one message. */
const short = { bytes: 400, settledAtOnce: 1 };
const numbers = Array.from({ length: 40 }, (_, i) => i + 1);

void t.test('a mailbox that goes on being changed is never in the tables', async t => {
  const file = join(t.testdir(), 'shard.db');
  const batches = numbers.map(seq => [send(ann, seq, [bob]), ack(bob, seq - 1), ack(ann, seq - 2)]);
  const found = await after(file, short, ...batches);
  t.match(found, { settled: [], segments: [] });
  t.ok((found.journal[0] ?? 0) > 30, `its old records go: ${found.journal.join()}`);
  const store = openShard({ file, shard: 0, shards: 1, journal: short });
  t.teardown(() => {
    store.close();
  });
  const { outcomes } = await store.commit([
    { kind: 'state', device: ann },
    { kind: 'read_rows', device: bob, after: 0, rows: 9, bytes: 1e6 },
  ]);
  t.match(outcomes, [
    { upTo: 40, acked: 38 },
    { rows: [{ n: 40 }], complete: true },
  ]);
});

void t.test(
  'what it does not change is said again before the record that says it goes',
  async t => {
    const file = join(t.testdir(), 'shard.db');
    const batches = numbers.map(seq => [send(bob, seq, [])]);
    const first = [[send(ann, 1, [bob])], [ack(bob, 1), ack(ann, 1)]];
    const found = await after(file, short, ...first, ...batches);
    t.match(found, { settled: [ann], segments: [] });
    t.ok((found.journal[0] ?? 0) > 30, `its old records go: ${found.journal.join()}`);
    const store = openShard({ file, shard: 0, shards: 1, journal: short });
    t.teardown(() => {
      store.close();
    });
    const { outcomes } = await store.commit([
      { kind: 'member_receipts', sender: ann, group: 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId, devices: [bob] }, // prettier-ignore
    ]);
    t.match(outcomes, [[{ device: bob, delivered: 1 }]]);
  },
);

void t.test(
  'rows that nobody takes are stored, though the mailbox goes on being changed',
  async t => {
    const file = join(t.testdir(), 'shard.db');
    const batches = numbers.map(seq => [send(bob, seq, [])]);
    const found = await after(file, short, [send(ann, 1, [bob])], ...batches);
    t.match(found, { settled: [ann, bob], segments: [[bob, 1]] });
    t.ok((found.journal[0] ?? 0) > 30, `its old records go: ${found.journal.join()}`);
  },
);

void t.test('a record with a row that waits stays, whatever was said again after it', async t => {
  const directory = t.testdir();
  const sends = (from: number, to: number) => numbers.slice(from - 1, to).map(seq => [send(bob, seq, [])]); // prettier-ignore
  const read = { kind: 'read_rows', device: bob, after: 0, rows: 9, bytes: 1e6 } as const;
  for (let last = 10; last < 32; last++) {
    const file = join(directory, `${last}.db`);
    await after(file, short, ...sends(1, 3), [send(ann, 1, [bob])], ...sends(4, last));
    const store = openShard({ file, shard: 0, shards: 1, journal: short });
    const { outcomes } = await store.commit([read]);
    t.match(outcomes, [{ rows: [{ n: 1 }], complete: true }], `after ${last} batches`);
    store.close();
  }
});

void t.test('a mailbox whose row has waited too long is not put off again', async t => {
  const directory = t.testdir();
  const quiet = (from: number, to: number) => numbers.slice(from, to).map(i => [send(dev(`o${i}`), 1, [])]); // prettier-ignore
  const batches = [[send(bob, 1, [])], [send(ann, 1, [bob])], ...quiet(0, 13), [send(bob, 2, [])]];
  let settled: unknown[] = [];
  for (let last = 14; settled.length === 0; last++) {
    const file = join(directory, `${last}.db`);
    ({ settled } = await after(file, short, ...batches, ...quiet(13, last)));
    t.ok(last < 30, 'at some time one of them is written');
  }
  t.same(settled, [bob]);
});

void t.test('more pairs than are worth saying again are stored', async t => {
  const directory = t.testdir();
  const others = Array.from({ length: 17 }, (_, i) => dev(`u${i}`));
  for (const count of [16, 17]) {
    const received = others.slice(0, count).map(other => send(other, 1, [bob]));
    const told = others.slice(0, count).map(other => ack(other, 1));
    const sent = Array.from({ length: 200 }, (_, i) => [send(bob, i + 1, [])]);
    const limits = { bytes: 3_000, settledAtOnce: 1 };
    const file = join(directory, `${count}.db`);
    const found = await after(file, limits, received, [ack(bob, count)], told, ...sent);
    t.ok(found.settled.includes(others[0] as DeviceId), 'those who have become quiet are stored');
    t.equal(found.settled.includes(bob), count === 17);
  }
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
