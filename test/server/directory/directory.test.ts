import t from 'tap';
import { cast, exit, isAlive, start, sys, type Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { roles } from '../../../protocol/packets.ts';
import { directory, directoryName } from '../../../server/directory/directory.ts';
import { accountOf, publish } from '../../../server/directory/tables.ts';
import { captureLog } from '../../actors/capture-log.ts';
import { dev } from '../../contract/shard/fixture.ts';
import { listener } from '../listener.ts';

const ann = dev('ann');
const both = roles.send | roles.receive;

type Test = Parameters<typeof listener>[0];

async function startDirectory(t: Test): Promise<Pid> {
  const result = await start(directory, undefined, { name: directoryName });
  if (result[0] !== 'ok') throw new Error('the directory did not start', { cause: result });
  const pid = result[1];
  t.teardown(() => {
    if (isAlive(pid)) exit(pid, 'kill');
  });
  return pid;
}

const claim = async (session: Pid, connection: number, claimed: number, device = ann) => {
  cast(directoryName, { kind: 'claim', device, roles: claimed, connection, session });
  await settle();
};

const replaced = [{ kind: 'replaced' }];

void t.test('per role the newest connection wins', async t => {
  await startDirectory(t);
  const [first, second, third] = [listener(t), listener(t), listener(t)];
  await claim(first.pid, 1, both);
  await claim(second.pid, 2, roles.receive);
  t.same(first.heard, replaced);
  t.same(second.heard, []);
  await claim(third.pid, 3, roles.send);
  t.same(second.heard, [], 'the other role is free');
});

void t.test('a claim that comes late from an older connection is refused', async t => {
  await startDirectory(t);
  const [older, newer] = [listener(t), listener(t)];
  await claim(newer.pid, 2, both);
  await claim(older.pid, 1, both);
  t.same(older.heard, replaced);
  t.same(newer.heard, []);
});

void t.test('a session that was restarted on an older connection does not take over', async t => {
  captureLog(t);
  await startDirectory(t);
  const [older, newer] = [listener(t), listener(t)];
  await claim(older.pid, 1, roles.receive);
  await claim(newer.pid, 2, roles.receive);
  t.same(older.heard, replaced);
  exit(older.pid, 'kill');
  const restarted = listener(t);
  await claim(restarted.pid, 1, roles.receive);
  t.same(restarted.heard, replaced);
  t.same(newer.heard, []);
});

void t.test('a session that was restarted on the same connection goes on', async t => {
  captureLog(t);
  await startDirectory(t);
  const first = listener(t);
  await claim(first.pid, 1, both);
  exit(first.pid, 'kill');
  const second = listener(t);
  await claim(second.pid, 1, both);
  t.same(second.heard, []);
  const third = listener(t);
  await claim(third.pid, 2, both);
  t.same(second.heard, replaced);
});

void t.test('who is dead holds nothing', async t => {
  captureLog(t);
  const pid = await startDirectory(t);
  const [newer, older] = [listener(t), listener(t)];
  await claim(newer.pid, 2, both);
  exit(newer.pid, 'kill');
  await settle();
  await claim(older.pid, 1, both);
  t.same(older.heard, []);
  exit(older.pid, 'kill');
  await settle();
  const state = (await sys.getState(pid)) as { holders: Map<unknown, unknown>; watches: Map<unknown, unknown> }; // prettier-ignore
  t.same([state.holders.size, state.watches.size], [0, 0], 'and leaves nothing behind');
});

void t.test('devices do not stand in each other’s way', async t => {
  await startDirectory(t);
  const [one, two] = [listener(t), listener(t)];
  await claim(one.pid, 1, both);
  await claim(two.pid, 2, both, dev('ann', 2));
  t.same(one.heard, []);
});

void t.test('every session of a removed device hears of it', async t => {
  await startDirectory(t);
  const [sender, receiver, other] = [listener(t), listener(t), listener(t)];
  await claim(sender.pid, 1, roles.send);
  await claim(receiver.pid, 2, roles.receive);
  await claim(other.pid, 3, both, dev('ann', 2));
  cast(directoryName, { kind: 'device_removed', device: ann });
  await settle();
  t.same(sender.heard, [{ kind: 'device_removed' }]);
  t.same(receiver.heard, [{ kind: 'device_removed' }]);
  t.same(other.heard, []);
});

void t.test('a directory that starts knows nothing', async t => {
  const user = 'ann' as never;
  publish({ kind: 'account', user }, null);
  t.equal(accountOf(user), null);
  await startDirectory(t);
  t.equal(accountOf(user), undefined);
});
