/** Commits that are made durable beside the thread: nobody is told of them before the disk has answered. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openShard } from '../../../storage/shard/sqlite-shard.ts';
import type { Command } from '../../../storage/shard/contract.ts';
import { ack, dev, send } from '../../contract/shard/fixture.ts';

const [ann, bob] = [dev('ann'), dev('bob')];
const state: Command = { kind: 'state', device: ann };

interface Sync {
  readonly descriptor: number;
  /** The disk answers. */
  readonly answer: (error?: Error) => void;
}

/** Holds every fdatasync until it is answered. */
function holdSyncs(t: Test): Sync[] {
  const held: Sync[] = [];
  const fdatasync = fs.fdatasync;
  fs.fdatasync = ((descriptor: number, callback: (error: Error | null) => void) => {
    held.push({
      descriptor,
      answer: error => {
        if (error !== undefined) callback(error);
        else fdatasync(descriptor, callback);
      },
    });
  }) as typeof fdatasync;
  syncBuiltinESMExports();
  t.teardown(() => {
    fs.fdatasync = fdatasync;
    syncBuiltinESMExports();
  });
  return held;
}

/** Whether it is settled once everything that needs no disk has had its turn. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve));
  return settled;
}

const answerLast = (held: readonly Sync[], error?: Error): void => {
  held.at(-1)?.answer(error);
};

void t.test('a commit resolves when the disk has answered, and not before', async t => {
  const store = openShard({ file: join(t.testdir(), 'shard.db'), shard: 0, shards: 1 });
  t.teardown(() => {
    store.close();
  });
  const held = holdSyncs(t);
  const commit = store.commit([send(ann, 1, [bob])]);
  t.equal(await isSettled(commit), false);
  t.equal(held.length, 1);
  answerLast(held);
  t.match(await commit, { outcomes: [{ kind: 'accepted', upTo: 1 }] });
});

void t.test('what only reads waits for what it may have read, and else for nothing', async t => {
  const store = openShard({ file: join(t.testdir(), 'shard.db'), shard: 0, shards: 1 });
  t.teardown(() => {
    store.close();
  });
  const held = holdSyncs(t);
  const commits = [store.commit([send(ann, 1, [bob])]), store.commit([send(ann, 2, [bob])])];
  const read = store.commit([state, send(ann, 2, [bob])]);
  t.equal(held.length, 2, 'reading itself syncs nothing');
  held[1]?.answer();
  t.equal(await isSettled(read), false, 'also not when only the later one is there');
  held[0]?.answer();
  t.match(await read, { outcomes: [{ upTo: 2 }, { kind: 'accepted', upTo: 2 }] });
  await Promise.all(commits);
  t.match(await store.commit([state]), { outcomes: [{ upTo: 2 }] });
  t.equal(held.length, 2);
});

void t.test(
  'after a sync that failed nothing is told any more, until the file is opened again',
  async t => {
    const file = join(t.testdir(), 'shard.db');
    const store = openShard({ file, shard: 0, shards: 1 });
    const held = holdSyncs(t);
    const commit = store.commit([send(ann, 1, [bob])]);
    answerLast(held, Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    // Not `disk_full`: that would say that nothing was done.
    await t.rejects(commit, { code: 'io', message: /brought to the disk \(no space left\)/ });
    await t.rejects(
      store.commit([state]),
      { code: 'io' },
      'it would tell of what may not be there',
    );
    const next = store.commit([ack(bob, 1)]);
    answerLast(held);
    await t.rejects(next, { code: 'io' });
    store.close();
    const again = openShard({ file, shard: 0, shards: 1 });
    t.teardown(() => {
      again.close();
    });
    t.match(await again.commit([state]), { outcomes: [{ upTo: 1 }] });
  },
);

void t.test('closing lets a sync that is under way end before its descriptor goes', async t => {
  const store = openShard({ file: join(t.testdir(), 'shard.db'), shard: 0, shards: 1 });
  const held = holdSyncs(t);
  const commit = store.commit([send(ann, 1, [bob])]);
  store.close();
  const descriptor = held[0]?.descriptor ?? -1;
  t.ok(fs.fstatSync(descriptor), 'it is still open');
  answerLast(held);
  await commit;
  t.throws(() => fs.fstatSync(descriptor), { code: 'EBADF' });
});

void t.test(
  'a log that a dead process has left is synced before anything is told of it',
  async t => {
    const directory = t.testdir();
    const file = join(directory, 'shard.db');
    const store = openShard({ file, shard: 0, shards: 1 });
    t.teardown(() => {
      store.close();
    });
    await store.commit([send(ann, 1, [bob])]);
    const left = join(directory, 'left.db');
    for (const suffix of ['', '-wal']) fs.copyFileSync(file + suffix, left + suffix);
    const synced: string[] = [];
    const fsyncSync = fs.fsyncSync;
    fs.fsyncSync = descriptor => {
      synced.push(fs.readlinkSync(`/proc/self/fd/${descriptor}`));
      fsyncSync(descriptor);
    };
    syncBuiltinESMExports();
    t.teardown(() => {
      fs.fsyncSync = fsyncSync;
      syncBuiltinESMExports();
    });
    const again = openShard({ file: left, shard: 0, shards: 1 });
    t.match(await again.commit([state]), { outcomes: [{ upTo: 1 }] });
    again.close();
    t.ok(synced.includes(fs.realpathSync(directory) + '/left.db-wal'));
  },
);
