/** Groups over real sockets: up to 1,024 members, and a roster that changes while people talk. */
import t from 'tap';
import { registerUsers } from '../../lab/accounts.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { groupId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import { startInProcess } from './in-process-server.ts';
import { idsOf, talkInGroup, World } from './world.ts';

const newGroup = () => groupId(nodeCrypto.randomBytes(16));

void t.test(
  'a group of 1,024: those who are there get everything, and those who come later too',
  async t => {
    const { server } = await startInProcess(t);
    const world = new World(t, () => server.url);
    const present = await world.people(24, 'present');
    const identities = await registerUsers(server.url, 'away', limits.membersPerGroup - 24);
    const group = newGroup();
    const [founder] = present;
    await founder!.client.request('group_create', {
      group,
      name: 'everybody',
      members: [...present.map(({ user }) => user), ...identities.map(({ user }) => user)],
    });
    await t.rejects(
      founder!.client.request('group_add', {
        group,
        users: [(await registerUsers(server.url, 'late', 1))[0]!.user],
      }),
      { code: 'group_full' },
    );
    const late = identities.slice(0, 8);
    const lateIds = late.map(({ device }) => device!);
    for (const sender of present.slice(0, 5))
      for (let i = 0; i < 2; i++)
        await sender.send(
          { group },
          {
            targets: [...idsOf(present.filter(({ user }) => user !== sender.user)), ...lateIds],
            // Nobody looks at the others' mailboxes here.
            optional: [],
          },
        );
    for (const identity of late) await world.person(identity.user, { identity });
    await world.judge();
  },
);

for (const shards of ['1', '2'])
  void t.test(`members come and go while people talk, ${shards} shard(s)`, async t => {
    const { server } = await startInProcess(t, { shards });
    const world = new World(t, () => server.url);
    const staying = await world.people(6, 'stays');
    const moving = await world.people(4, 'moves');
    const group = newGroup();
    const [founder] = staying;
    await founder!.client.request('group_create', {
      group,
      name: 'changing',
      members: staying.map(({ user }) => user),
    });
    let over = false;
    const talking = talkInGroup(staying, staying, group, () => over, idsOf(moving));
    for (let change = 0; change < 12; change++) {
      await world.moreAccepted(10);
      const { user } = moving[change % moving.length]!;
      const method = Math.floor(change / moving.length) % 2 === 0 ? 'group_add' : 'group_remove';
      await founder!.client.request(method, { group, users: [user] });
    }
    over = true;
    await talking;
    await world.judge();
    const { client } = moving[0]!;
    await client.request('group_leave', { group });
    await t.rejects(client.request('group_info', { group }), { code: 'unknown_group' });
  });
