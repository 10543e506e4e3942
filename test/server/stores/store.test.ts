import { join } from 'node:path';
import t from 'tap';
import {
  call,
  exit,
  isAlive,
  register,
  send,
  spawn,
  whereis,
  type Pid,
} from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { accountOf } from '../../../server/directory/tables.ts';
import { linkName } from '../../../server/links/names.ts';
import { mailboxName } from '../../../server/mailboxes/protocol.ts';
import { RequestError } from '../../../server/request-error.ts';
import { execute } from '../../../server/stores/execute.ts';
import { storeName, type Batch } from '../../../server/stores/protocol.ts';
import { COMMANDS_AT_ONCE } from '../../../server/stores/store.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import { openShard } from '../../../storage/shard/sqlite-shard.ts';
import { ack, bulk, dev, send as message, userIn } from '../../contract/shard/fixture.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { exitOf } from '../../actors/exit-of.ts';
import { until } from '../../actors/until.ts';
import { TestStore } from './test-store.ts';

const ann = dev('ann');
const bob = dev('bob');
const user = 'ann' as UserId;

type Heard = { readonly kind: string } & Record<string, unknown>;

/** A process that writes down what it is sent. */
function listener(t: { teardown: (undo: () => void) => void }, name?: string) {
  const heard: Heard[] = [];
  const pid = spawn(message => {
    heard.push(message as Heard);
  });
  if (name !== undefined) register(name, pid);
  t.teardown(() => {
    if (isAlive(pid)) exit(pid, 'kill');
  });
  return { pid, heard };
}

const batch = (from: Batch['from'], tag: number, ...commands: Batch['commands']): Batch => ({
  kind: 'batch',
  from,
  tag,
  commands,
});

void t.test('what has arrived in one turn is one commit', async t => {
  const store = new TestStore(t);
  const pid = await store.start();
  const clients = [listener(t), listener(t), listener(t)];
  clients.forEach((client, i) => {
    send(pid, batch(client.pid, i, message(dev(`u${i}`), 1, [bob])));
  });
  await execute(0, { kind: 'state', device: ann });
  await until(() => clients.every(({ heard }) => heard.length === 1));
  t.same(store.commits.map(commands => commands.length), [4]); // prettier-ignore
  clients.forEach(({ heard }, i) => {
    t.match(heard, [{ kind: 'batch_done', tag: i, outcomes: [{ upTo: 1 }] }]);
  });
});

void t.test('what arrives during a commit is the next one', async t => {
  const store = new TestStore(t);
  const pid = await store.start();
  const client = listener(t);
  const held = store.holdCommit();
  send(pid, batch(client.pid, 1, message(ann, 1, [bob])));
  const { release } = await held;
  for (let seq = 2; seq <= 10; seq++) send(pid, batch(client.pid, seq, message(ann, seq, [bob])));
  await settle();
  t.same(client.heard, [], 'nobody is told before the commit is over');
  release();
  await until(() => client.heard.length === 10);
  t.same(store.commits.map(commands => commands.length), [1, 9]); // prettier-ignore
  t.same(client.heard.map(({ tag }) => tag), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]); // prettier-ignore
});

void t.test('more than a turn may take is several commits, in order', async t => {
  const store = new TestStore(t);
  const pid = await store.start();
  const client = listener(t);
  const many = new Array<Batch['commands'][number]>(COMMANDS_AT_ONCE - 1).fill({
    kind: 'state',
    device: ann,
  });
  const held = store.holdCommit();
  send(pid, batch(client.pid, 1, { kind: 'state', device: ann }));
  const { release } = await held;
  for (const tag of [2, 3, 4]) send(pid, batch(client.pid, tag, ...many));
  await settle();
  release();
  await until(() => client.heard.length === 4);
  t.same(client.heard.map(({ tag }) => tag), [1, 2, 3, 4]); // prettier-ignore
  t.same(store.commits.map(commands => commands.length), [1, 2 * many.length, many.length]); // prettier-ignore
});

void t.test('pushes go out before answers, and both after the commit', async t => {
  const store = new TestStore(t);
  const pid = await store.start();
  // One process is the sender and the mailbox, so that the order can be seen.
  const both = listener(t, mailboxName('bob' as UserId));
  const held = store.holdCommit();
  send(pid, batch(both.pid, 1, message(ann, 1, [bob]), message(ann, 2, [bob])));
  const { release } = await held;
  await settle();
  t.same(both.heard, []);
  release();
  await until(() => both.heard.length === 2);
  t.match(both.heard, [
    { kind: 'appended', device: bob, rows: [{ n: 1 }, { n: 2 }] },
    { kind: 'batch_done', outcomes: [{ upTo: 1 }, { upTo: 2 }] },
  ]);
});

void t.test('what is for another shard is handed to the link when it is committed', async t => {
  const store = new TestStore(t, { shards: 2 });
  const pid = await store.start();
  const link = listener(t, linkName(0, 1));
  const [from, near, far] = [dev(userIn(0, 2)), dev(userIn(0, 2, 1)), dev(userIn(1, 2))];
  send(pid, batch(link.pid, 1, message(from, 1, [near])));
  await until(() => link.heard.length === 1);
  send(pid, batch(link.pid, 2, message(from, 2, [far])));
  await until(() => link.heard.length === 3);
  t.match(link.heard.slice(1), [
    { kind: 'batch_done' },
    { kind: 'linked', segments: [{ after: 0, count: 1 }] },
  ]);
});

void t.test('accounts are published when they are committed', async t => {
  const store = new TestStore(t);
  const pid = await store.start();
  t.equal(accountOf(user), undefined);
  await execute(0, { kind: 'account', user });
  t.equal(accountOf(user), null);
  const client = listener(t);
  const held = store.holdCommit();
  send(pid, batch(client.pid, 1, { kind: 'register', user, key: Buffer.alloc(32), at: 1 }));
  const { release } = await held;
  t.equal(accountOf(user), null);
  release();
  await until(() => client.heard.length === 1);
  t.match(accountOf(user), { user, version: 1 });
});

void t.test('what a killed store had not published is loaded again', async t => {
  captureLog(t);
  const store = new TestStore(t);
  const pid = await store.start();
  await execute(0, { kind: 'register', user, key: Buffer.alloc(32), at: 1 });
  const client = listener(t);
  const held = store.holdCommit();
  const add = { by: ann, key: Buffer.alloc(32, 2), signature: Buffer.alloc(64), at: 2 };
  send(pid, batch(client.pid, 1, { kind: 'add_device', ...add }));
  const { release } = await held;
  store.kill();
  await store.start();
  t.not(accountOf(user)?.version, 1, 'the list without the new device is not used any more');
  release();
  await settle();
  t.same(client.heard, [], 'the dead tell nothing');
  t.match(await execute(0, { kind: 'account', user }), { version: 2 });
});

void t.test('a killed store lets its file go for the next one', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  await execute(0, { kind: 'state', device: ann });
  const { opened } = store;
  store.kill();
  t.equal(store.pid, undefined);
  await t.rejects(opened!.commit([]), { code: 'closed' });
  await store.start();
  t.match(await execute(0, { kind: 'state', device: ann }), { upTo: 0 });
});

void t.test('a store that cannot be opened does not start', async t => {
  captureLog(t);
  const store = new TestStore(t);
  await store.start();
  store.kill();
  const moved = new TestStore(t, { shards: 2 });
  await t.rejects(moved.start(), {
    message: 'the store did not start',
    cause: { reason: { code: 'schema_mismatch' } },
  });
  t.equal(whereis(storeName(0)), undefined);
  await store.start();
  t.match(await execute(0, { kind: 'state', device: ann }), { upTo: 0 }, 'its file is free');
});

void t.test('a bug in one batch ends the store, and nothing of the commit is told', async t => {
  captureLog(t);
  const store = new TestStore(t);
  const pid = await store.start();
  const client = listener(t);
  send(pid, batch(client.pid, 1, message(ann, 1, [bob])));
  const group = { group: 'g_AAAAAAAAAAAAAAAAAAAAAA', name: 'x', version: 3, members: [] } as never;
  const reason = exitOf(
    execute(0, {
      kind: 'put_group',
      next: group,
      expected: 2,
      event: 'left',
      by: user,
      users: [],
      at: 1,
      devices: [],
    }),
  );
  t.match(await reason, [{ reason: RangeError }, ['call', { name: 'store.0' }, 'execute']]);
  t.notOk(isAlive(pid));
  t.same(client.heard, []);
  await store.start();
  t.match(await execute(0, { kind: 'state', device: ann }), { upTo: 0 });
});

void t.test('on a full disk: refused, read and acknowledged, and room again', async t => {
  const store = new TestStore(t, { maxPages: 100 });
  const pid = await store.start();
  const client = listener(t);
  let seq = 1;
  // Once refused it may find what writing the journal out has left of the room.
  for (let tag = 1, refused = 0; refused < 2; tag++) {
    send(pid, batch(client.pid, tag, message(ann, seq, [bob], { body: bulk(10_000) })));
    await until(() => client.heard.at(-1)?.tag === tag);
    const isTaken = client.heard.at(-1)?.kind === 'batch_done';
    refused = isTaken ? 0 : refused + 1;
    if (isTaken) seq++;
  }
  t.equal(await call(storeName(0), { kind: 'full' }), true);
  // More than the file may hold: what the others of its batch give back is not enough.
  const large = message(ann, seq, [bob], { body: bulk(500_000) });
  await t.rejects(execute(0, large), new RequestError('storage_full'));

  // Together in one turn: each gets what it can get.
  client.heard.length = 0;
  send(pid, batch(client.pid, 1, large));
  send(pid, batch(client.pid, 2, ack(bob, seq - 1)));
  send(pid, batch(client.pid, 3, { kind: 'state', device: ann }));
  await until(() => client.heard.length === 3);
  t.match(client.heard, [
    { kind: 'batch_failed', tag: 1 },
    { kind: 'batch_done', tag: 2, outcomes: [{ acked: seq - 1 }] },
    { kind: 'batch_done', tag: 3, outcomes: [{ upTo: seq - 1 }] },
  ]);
  t.match(await execute(0, message(ann, seq, [bob])), { kind: 'accepted', upTo: seq });
  t.equal(await call(storeName(0), { kind: 'full' }), false);
  t.ok(isAlive(pid));
});

void t.test('without even a reserve reading goes on', async t => {
  const store = new TestStore(t, { maxPages: 100, reserveBytes: 0 });
  const pid = await store.start();
  const client = listener(t);
  const full = new StorageError('disk_full', 'as the test wants it');
  store.intercept = async commit => {
    const committed = await commit();
    if (store.commits.at(-1)?.some(({ kind }) => kind === 'acknowledge') === true) throw full;
    return committed;
  };
  send(pid, batch(client.pid, 1, ack(bob, 1)));
  send(pid, batch(client.pid, 2, { kind: 'state', device: ann }));
  await until(() => client.heard.length === 2);
  t.match(client.heard, [
    { kind: 'batch_failed', tag: 1 },
    { kind: 'batch_done', tag: 2, outcomes: [{ upTo: 0 }] },
  ]);
  t.ok(isAlive(pid));
});

void t.test('commits go on while a backup is made', async t => {
  const store = new TestStore(t);
  await store.start();
  await execute(0, message(ann, 1, [bob]));
  const file = join(t.testdirName, 'copy.db');
  const backup = call(storeName(0), { kind: 'backup', file });
  let done = false;
  void backup.then(() => (done = true));
  t.match(await execute(0, message(ann, 2, [bob])), { upTo: 2 });
  t.notOk(done, 'the backup is still being made');
  t.equal(await backup, 'ok');
  const copy = openShard({ file, shard: 0, shards: 1 });
  t.teardown(() => {
    copy.close();
  });
  t.ok((await copy.commit([{ kind: 'state', device: ann }])).outcomes[0]);
});

void t.test('a backup that cannot be written fails alone', async t => {
  const store = new TestStore(t);
  const pid = await store.start();
  const file = join(t.testdirName, 'no', 'such', 'place.db');
  t.match(await call(storeName(0), { kind: 'backup', file }), { error: /could not be written/ });
  t.ok(isAlive(pid));
});

void t.test(
  'a file that takes long to open is no long turn of whoever starts the store',
  async t => {
    const events = captureLog(t);
    const store = new TestStore(t);
    store.beforeOpen = () => {
      const end = performance.now() + 101;
      while (performance.now() < end);
    };
    let started: Promise<Pid> | undefined;
    const starter = spawn(() => {
      started = store.start();
    });
    send(starter, 1);
    await until(() => started !== undefined);
    t.equal(await started, store.pid);
    await settle();
    t.strictSame(events, []);
  },
);
