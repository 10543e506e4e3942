import t from 'tap';
import { cast, exit, isAlive, start, sys, type Pid } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';
import { roles } from '../../../protocol/packets.ts';
import { claim, directory, directoryName } from '../../../server/directory/directory.ts';
import {
  receiverOf,
  speakersFor,
  speakersOf,
  speakingSessions,
} from '../../../server/directory/speakers.ts';
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

const claimed = async (session: Pid, connection: number, roles: number, device = ann) => {
  claim({ device, roles, connection, session });
  await settle();
};

const replaced = [{ kind: 'replaced' }];

void t.test('per role the newest connection wins', async t => {
  await startDirectory(t);
  const [first, second, third] = [listener(t), listener(t), listener(t)];
  await claimed(first.pid, 1, both);
  await claimed(second.pid, 2, roles.receive);
  t.same(first.heard, replaced);
  t.same(second.heard, []);
  await claimed(third.pid, 3, roles.send);
  t.same(second.heard, [], 'the other role is free');
});

void t.test('a claim that comes late from an older connection is refused', async t => {
  await startDirectory(t);
  const [older, newer] = [listener(t), listener(t)];
  await claimed(newer.pid, 2, both);
  await claimed(older.pid, 1, both);
  t.same(older.heard, replaced);
  t.same(newer.heard, []);
});

void t.test('a session that was restarted on an older connection does not take over', async t => {
  captureLog(t);
  await startDirectory(t);
  const [older, newer] = [listener(t), listener(t)];
  await claimed(older.pid, 1, roles.receive);
  await claimed(newer.pid, 2, roles.receive);
  t.same(older.heard, replaced);
  exit(older.pid, 'kill');
  const restarted = listener(t);
  await claimed(restarted.pid, 1, roles.receive);
  t.same(restarted.heard, replaced);
  t.same(newer.heard, []);
});

void t.test('a session that was restarted on the same connection goes on', async t => {
  captureLog(t);
  await startDirectory(t);
  const first = listener(t);
  await claimed(first.pid, 1, both);
  exit(first.pid, 'kill');
  const second = listener(t);
  await claimed(second.pid, 1, both);
  t.same(second.heard, []);
  const third = listener(t);
  await claimed(third.pid, 2, both);
  t.same(second.heard, replaced);
});

void t.test('who is dead holds nothing', async t => {
  captureLog(t);
  const pid = await startDirectory(t);
  const [newer, older] = [listener(t), listener(t)];
  await claimed(newer.pid, 2, both);
  exit(newer.pid, 'kill');
  await settle();
  await claimed(older.pid, 1, both);
  t.same(older.heard, []);
  exit(older.pid, 'kill');
  await settle();
  const state = (await sys.getState(pid)) as { watches: Map<unknown, unknown> };
  t.same([speakersFor(ann), state.watches.size], [[], 0], 'and leaves nothing behind');
  t.equal(speakingSessions(), 0);
});

void t.test('devices do not stand in each other’s way', async t => {
  await startDirectory(t);
  const [one, two] = [listener(t), listener(t)];
  await claimed(one.pid, 1, both);
  await claimed(two.pid, 2, both, dev('ann', 2));
  t.same(one.heard, []);
});

void t.test('every session of a removed device hears of it', async t => {
  await startDirectory(t);
  const [sender, receiver, other] = [listener(t), listener(t), listener(t)];
  await claimed(sender.pid, 1, roles.send);
  await claimed(receiver.pid, 2, roles.receive);
  await claimed(other.pid, 3, both, dev('ann', 2));
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

void t.test(
  'who speaks is there at once, by device and by user; a directory that starts knows nobody',
  async t => {
    captureLog(t);
    const pid = await startDirectory(t);
    const [sender, receiver, other] = [listener(t), listener(t), listener(t)];
    claim({ device: ann, roles: roles.send, connection: 1, session: sender.pid });
    t.equal(receiverOf(ann), undefined, 'it only sends');
    claim({ device: ann, roles: roles.receive, connection: 2, session: receiver.pid });
    claim({ device: dev('ann', 2), roles: both, connection: 3, session: other.pid });
    t.equal(receiverOf(ann), receiver.pid);
    t.same(speakersOf('ann' as never).map(({ session }) => session), [sender.pid, receiver.pid, other.pid]); // prettier-ignore
    t.equal(speakingSessions(), 3);
    exit(pid, 'kill');
    await startDirectory(t);
    t.equal(receiverOf(ann), undefined);
    t.equal(speakingSessions(), 0);
  },
);
