import t from 'tap';
import { call, isAlive, setClock, start, stop, type StartResult } from '../../../actors/index.ts';
import { createVirtualClock } from '../../../actors/testing.ts';
import { deviceId, type GroupId, type UserId } from '../../../protocol/ids.ts';
import { shardOf } from '../../../protocol/shard.ts';
import { group } from '../../../server/groups/group.ts';
import { groupName, type GroupChange, type GroupPid } from '../../../server/groups/protocol.ts';
import { execute } from '../../../server/stores/execute.ts';
import { StorageError } from '../../../storage/mnesia/storage-error.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { exitOf } from '../../actors/exit-of.ts';
import { decoded, linked, userIn } from '../../contract/shard/fixture.ts';
import { TestStore } from '../stores/test-store.ts';

const id = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;
const home = shardOf(id, 2);
const near = userIn(home, 2);
const far = userIn(1 - home, 2);
const third = userIn(home, 2, 1);

type Test = ConstructorParameters<typeof TestStore>[0] & {
  teardown: (undo: () => Promise<void>) => void;
};

async function stores(t: Test): Promise<[TestStore, TestStore]> {
  const all = [0, 1].map(shard => new TestStore(t, { shard, shards: 2 })) as [TestStore, TestStore];
  for (const store of all) await store.start();
  for (const user of [near, far, third])
    await execute(shardOf(user, 2), { kind: 'register', user, key: Buffer.alloc(32), at: 1 });
  return all;
}

const startGroup = (passivateMs = 1_000): Promise<StartResult> =>
  start(group, { group: id, shards: 2, passivateMs }, { name: groupName(id) });

async function running(t: Test, passivateMs?: number): Promise<GroupPid> {
  const result = await startGroup(passivateMs);
  if (result[0] !== 'ok') throw new Error('the group did not start', { cause: result });
  const pid = result[1] as GroupPid;
  t.teardown(async () => {
    if (isAlive(pid)) await stop(pid);
  });
  return pid;
}

const ask = (pid: GroupPid, by: UserId, change: GroupChange) =>
  call(pid, { kind: 'change', by, change });

const stored = () => execute(home, { kind: 'group', group: id });
const create = { kind: 'create', name: 'Friends', users: [far] } as const;

void t.test('a change is committed, and every device of every shard told', async t => {
  await stores(t);
  const pid = await running(t);
  const answer = await ask(pid, near, create);
  t.match(answer, { group: { version: 1, members: [{ user: near, admin: true }, { user: far }] } });
  t.match(await stored(), { version: 1 });
  const rows = await execute(home, {
    kind: 'read_rows',
    device: deviceId(near, 1),
    after: 0,
    rows: 10,
    bytes: 1e6,
  });
  t.match(decoded(rows.rows), [{ kind: 'group', version: 1, event: 'created', by: near }]);
  const toFar = { kind: 'read_link', target: 1 - home, after: null, bytes: 1e6 } as const;
  t.match(linked((await execute(home, toFar)).segments), [
    { m: 1, devices: [deviceId(far, 1)], row: { kind: 'group', version: 1 } },
  ]);
});

void t.test('a repeated change answers the same and tells nobody', async t => {
  const [store] = await stores(t);
  const pid = await running(t);
  const first = await ask(pid, near, create);
  const commits = store.commits.length;
  t.same(await ask(pid, near, create), first);
  t.equal(store.commits.length, commits);
});

void t.test('who leaves is told as well', async t => {
  await stores(t);
  const pid = await running(t);
  await ask(pid, near, { ...create, users: [far, third] });
  await ask(pid, near, { kind: 'remove', users: [third] });
  const device = deviceId(third, 1);
  const { rows } = await execute(home, { kind: 'read_rows', device, after: 1, rows: 9, bytes: 9 });
  t.match(decoded(rows), [{ kind: 'group', version: 2, event: 'removed', users: [third] }]);
});

void t.test('what may not be done is answered, and nothing changes', async t => {
  await stores(t);
  const pid = await running(t);
  t.match(await ask(pid, near, { kind: 'leave' }), { error: 'unknown_group', field: 'group' });
  const nobody = { ...create, users: ['nobody' as UserId] };
  t.same(await ask(pid, near, nobody), { error: 'unknown_user', field: 'users' });
  t.equal(await stored(), null);
  t.match(await ask(pid, near, create), { group: { version: 1 } });
  t.match(await ask(pid, far, { kind: 'add', users: [third] }), { error: 'not_admin' });
});

void t.test('on a full disk the change is refused, and may be asked for again', async t => {
  const all = await stores(t);
  const pid = await running(t);
  all[home]!.intercept = (commit, commands) => {
    if (commands.some(({ kind }) => kind === 'put_group'))
      throw new StorageError('disk_full', 'as the test wants it');
    return commit();
  };
  t.same(await ask(pid, near, create), { error: 'storage_full' });
  all[home]!.intercept = undefined;
  t.match(await ask(pid, near, create), { group: { version: 1 } });
});

void t.test(
  'a store that dies under a change ends the group; the next one knows the truth',
  async t => {
    captureLog(t);
    const all = await stores(t);
    const store = all[home]!;
    for (const committed of [false, true]) {
      const pid = await running(t);
      const version = (await stored())?.version ?? 0;
      let reached: Promise<unknown>;
      if (committed) reached = store.holdCommit('put_group');
      else
        reached = new Promise(resolve => {
          store.intercept = () => {
            resolve(undefined);
            return new Promise(() => {});
          };
        });
      const what: GroupChange = version === 0 ? create : { kind: 'add', users: [third] };
      const reason = exitOf(ask(pid, near, what));
      await reached;
      store.intercept = undefined;
      store.kill();
      await store.start();
      t.ok(await reason);
      t.notOk(isAlive(pid));
      const next = await running(t);
      t.equal((await stored())?.version ?? 0, committed ? version + 1 : version);
      const answer = await ask(next, near, what);
      t.match(
        answer,
        { group: { version: version + 1 } },
        'asked again, it is as it was asked for',
      );
      await stop(next);
    }
  },
);

void t.test('a group whose store is away does not start', async t => {
  captureLog(t);
  t.match(await startGroup(), [
    'error',
    ['noproc', ['call', { name: `store.${home}` }, 'execute']],
  ]);
});

void t.test('an idle group stops, and is itself again', async t => {
  const clock = createVirtualClock();
  const old = setClock(clock);
  t.teardown(() => setClock(old));
  await stores(t);
  const pid = await running(t, 1_000);
  await ask(pid, near, create);
  await clock.advance(999);
  t.ok(isAlive(pid));
  await clock.advance(2);
  t.notOk(isAlive(pid));
  const again = await running(t, 1_000);
  t.match(await ask(again, near, { kind: 'add', users: [third] }), { group: { version: 2 } });
});
