/** Groups: their versions, and what their members' devices are told. */
import t from 'tap';
import { deviceId, type GroupId, type UserId } from '../../../protocol/ids.ts';
import type { Group } from '../../../storage/groups/contract.ts';
import type { Command } from '../../../storage/shard/contract.ts';
import { carryAll } from './links.ts';
import { begin, decoded, dev, userIn, type ShardContract } from './fixture.ts';

const id = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;

const member = (user: string, admin = false) => ({ user: user as UserId, admin, joinedAt: 3 });
const version = (version: number, ...users: string[]): Group => ({
  group: id,
  name: 'Friends',
  version,
  members: users.map((user, i) => member(user, i === 0)),
});

const put = (
  next: Group,
  expected: number,
  options: Partial<Command<'put_group'>> = {},
): Command<'put_group'> => ({
  kind: 'put_group',
  next,
  expected,
  event: 'created',
  by: 'ann' as UserId,
  users: ['bob' as UserId],
  at: 4,
  devices: [],
  ...options,
});

export function groupsContract(contract: ShardContract): void {
  const name = (text: string) => `${contract.name}: ${text}`;

  void t.test(name('a group is what was put last, members in order of joining'), async t => {
    const shard = begin(t, contract);
    const get = () => shard.one({ kind: 'group', group: id });
    t.equal(await get(), null);
    const first = version(1, 'zoe', 'ann', 'mia');
    t.same(await shard.one(put(first, 0)), first);
    t.same(await get(), first);
    const second = version(2, 'mia', 'zoe', 'bob');
    await shard.one(put(second, 1));
    shard.reopen();
    t.same(await get(), second);
    await shard.one(put(version(3), 2));
    t.same(await get(), version(3), 'everybody has left');
  });

  void t.test(name('a version made from another than the current one is a bug'), async t => {
    const shard = begin(t, contract);
    await shard.one(put(version(1, 'ann'), 0));
    await t.rejects(shard.one(put(version(1, 'bob'), 0)), RangeError);
    await t.rejects(shard.one(put(version(3, 'bob'), 2)), RangeError);
    t.same(await shard.one({ kind: 'group', group: id }), version(1, 'ann'));
  });

  void t.test(name('every device is told, also those of other shards'), async t => {
    const [ann, bob] = [userIn(0, 2), userIn(1, 2)];
    const devices = [deviceId(ann, 1), deviceId(bob, 1), deviceId(ann, 2)];
    const home = begin(t, contract, { shard: 0, shards: 2 });
    const away = begin(t, contract, { shard: 1, shards: 2 });
    const command = put(version(1, ann, bob), 0, { by: ann, users: [ann, bob], devices });
    const { appended, links } = await home.commit(command);
    const row = { kind: 'group', n: 1, group: id, version: 1, event: 'created', by: ann };
    const expected = [{ ...row, users: [ann, bob], at: 4 }];
    const told = [...appended].map(([device, rows]) => [device, decoded(rows)]);
    t.same(told, [[devices[0], expected], [devices[2], expected]]); // prettier-ignore
    t.same([...links.keys()], [1]);
    await carryAll(home, away);
    t.same(await away.rows(devices[1]!), expected);
    home.reopen();
    t.same(await home.rows(devices[2]!), expected);
  });

  void t.test(name('a change that is put tells, one that fails tells nobody'), async t => {
    const shard = begin(t, contract);
    const devices = [dev('ann')];
    await t.rejects(shard.commit(put(version(5, 'ann'), 4, { devices })), RangeError);
    t.same(await shard.rows(dev('ann')), []);
  });
}
