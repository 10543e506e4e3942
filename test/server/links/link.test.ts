import t from 'tap';
import { exit, isAlive, send, setClock, start, type Pid } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { deviceId } from '../../../protocol/ids.ts';
import type { Row } from '../../../protocol/rows.ts';
import { link } from '../../../server/links/link.ts';
import { linkName } from '../../../server/links/names.ts';
import { execute } from '../../../server/stores/execute.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import type { DeviceId } from '../../../protocol/ids.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { ack, decoded, send as message, userIn } from '../../contract/shard/fixture.ts';
import { PortOwner } from '../port-owner.ts';
import { TestStore } from '../stores/test-store.ts';
import { until } from '../until.ts';

const ann = deviceId(userIn(0, 2), 1);
const bob = deviceId(userIn(1, 2), 1);

interface Test {
  teardown: (undo: () => void) => void;
}

async function startLink(t: Test, source: number, target: number): Promise<Pid> {
  const result = await start(link, { source, target }, { name: linkName(source, target) });
  if (result[0] !== 'ok') throw new Error('the link did not start', { cause: result });
  const pid = result[1];
  t.teardown(() => {
    if (isAlive(pid)) exit(pid, 'kill');
  });
  return pid;
}

async function twoStores(t: ConstructorParameters<typeof TestStore>[0]) {
  const stores = [0, 1].map(shard => new TestStore(t, { shard, shards: 2 })) as [
    TestStore,
    TestStore,
  ];
  for (const store of stores) await store.start();
  return stores;
}

const rowsOf = async (shard: number, device: DeviceId): Promise<readonly Row[]> => {
  const command = { kind: 'read_rows', device, after: 0, rows: 1_000, bytes: 1e9 } as const;
  return decoded((await execute(shard, command)).rows);
};

const waiting = async (source: number) =>
  (await execute(source, { kind: 'read_link', target: 1 - source, after: null, rows: 10 })).rows;

const seqs = (rows: readonly Row[]): number[] =>
  rows.flatMap(row => (row.kind === 'message' ? [row.seq] : []));

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** How many commands of this kind the store has committed. */
const count = (store: TestStore, kind: string): number =>
  store.commits.flat().filter(command => command.kind === kind).length;

void t.test('rows go over when they are there, and leave the source', async t => {
  const [home, away] = await twoStores(t);
  await execute(0, message(ann, 1, [bob]));
  await startLink(t, 0, 1);
  await until(() => count(home, 'trim_link') > 0);
  await execute(0, message(ann, 2, [bob]));
  await until(() => count(away, 'apply_link') === 2 && count(home, 'trim_link') === 2);
  t.same(seqs(await rowsOf(1, bob)), [1, 2]);
  t.same(await waiting(0), []);
});

void t.test('receipts come back over the other link', async t => {
  const [home] = await twoStores(t);
  await startLink(t, 0, 1);
  await startLink(t, 1, 0);
  await execute(0, message(ann, 1, [bob]));
  await until(() => count(home, 'trim_link') > 0);
  await execute(1, ack(bob, 1));
  await until(() => count(home, 'apply_link') > 0);
  t.match(await rowsOf(0, ann), [{ kind: 'receipt', peer: bob, delivered: 1 }]);
});

void t.test('rows that come while it carries go next', async t => {
  const [home, away] = await twoStores(t);
  await startLink(t, 0, 1);
  const held = away.holdCommit();
  await execute(0, message(ann, 1, [bob]));
  const { release } = await held;
  for (let seq = 2; seq <= 5; seq++) await execute(0, message(ann, seq, [bob]));
  release();
  await until(() => count(home, 'trim_link') >= 2);
  t.same(seqs(await rowsOf(1, bob)), upTo(5));
});

void t.test('woken while it looks, it looks again', async t => {
  const [home] = await twoStores(t);
  const held = home.holdCommit('read_link');
  const pid = await startLink(t, 0, 1);
  const { release } = await held;
  send(pid, { kind: 'wake' });
  await settle();
  release();
  await until(() => count(home, 'read_link') === 2);
  await settle();
  t.equal(count(home, 'read_link'), 2);
});

void t.test('a target that dies before or after its commit takes every row once', async t => {
  captureLog(t);
  const [home, away] = await twoStores(t);
  await startLink(t, 0, 1);
  for (const late of [true, false]) {
    const reached = late
      ? away.holdCommit()
      : new Promise(resolve => {
          away.intercept = () => {
            resolve(undefined);
            return new Promise(() => {});
          };
        });
    const before = count(home, 'decide');
    for (let seq = before + 1; seq <= before + 3; seq++) await execute(0, message(ann, seq, [bob]));
    await reached;
    away.intercept = undefined;
    away.kill();
    await away.start();
    const trimmed = count(home, 'trim_link');
    await until(() => count(home, 'trim_link') > trimmed);
  }
  await settle();
  t.same(seqs(await rowsOf(1, bob)), upTo(6));
  t.same(await waiting(0), []);
});

void t.test('a source that dies with the word of a commit: its rows go all the same', async t => {
  captureLog(t);
  const [home, away] = await twoStores(t);
  await startLink(t, 0, 1);
  await execute(0, message(ann, 1, [bob]));
  await until(() => count(home, 'trim_link') === 1);
  await settle();
  const sender = new PortOwner(t, 0);
  const held = home.holdCommit();
  const answer = sender.submit(message(ann, 2, [bob]));
  await held;
  home.kill();
  await home.start();
  t.match(await answer, { kind: 'accepted' });
  await until(() => count(away, 'apply_link') === 2);
  t.same(seqs(await rowsOf(1, bob)), [1, 2]);
});

void t.test(
  'either store and the link killed again and again: all rows, once, in order',
  async t => {
    captureLog(t);
    const stores = await twoStores(t);
    let carrier = await startLink(t, 0, 1);
    const sender = new PortOwner(t, 0);
    for (let seq = 1; seq <= 60; seq++) {
      const answer = sender.submit(message(ann, seq, [bob]));
      const victim = stores[seq % 2];
      if (seq % 5 === 0) {
        victim?.kill();
        await victim?.start();
      }
      if (seq % 7 === 0) {
        exit(carrier, 'kill');
        carrier = await startLink(t, 0, 1);
      }
      t.match(await answer, { kind: 'accepted', upTo: seq });
    }
    await until(() => {
      const applied = stores[1].commits
        .flat()
        .filter(({ kind }) => kind === 'apply_link')
        .at(-1);
      return applied?.kind === 'apply_link' && applied.rows.at(-1)?.m === 60;
    });
    t.same(seqs(await rowsOf(1, bob)), upTo(60));
  },
);

void t.test('a full target is tried again', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const [home, away] = await twoStores(t);
  let refused = 0;
  away.intercept = (commit, commands) => {
    if (!commands.some(({ kind }) => kind === 'apply_link')) return commit();
    refused++;
    throw new StorageError('disk_full', 'as the test wants it');
  };
  await startLink(t, 0, 1);
  await execute(0, message(ann, 1, [bob]));
  await clock.advance(2_000);
  t.ok(refused >= 3 && refused <= 10, `refused ${refused} times`);
  away.intercept = undefined;
  await clock.advance(500);
  await until(() => count(home, 'trim_link') > 0);
  t.same(seqs(await rowsOf(1, bob)), [1]);
});

void t.test('rows that are missing at the target are not asked for without a pause', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  const [home, away] = await twoStores(t);
  await execute(0, message(ann, 1, [bob]));
  await execute(0, { kind: 'trim_link', target: 1, upTo: 1 });
  await execute(0, message(ann, 2, [bob]));
  await startLink(t, 0, 1);
  await clock.advance(5_000);
  const tries = count(away, 'apply_link');
  t.ok(tries >= 2 && tries <= 20, `tried ${tries} times in five seconds`);
  t.equal(count(home, 'trim_link'), 1);
});
