/** Requests about groups: changes go to the group's process, questions are answered from what is committed. */
import { call } from '../../../actors/index.ts';
import type { GroupId } from '../../../protocol/ids.ts';
import type { Argument, GroupInfo, Reply } from '../../../protocol/requests.ts';
import { shardOf } from '../../../protocol/shard.ts';
import type { Group } from '../../../storage/groups/contract.ts';
import { groupOf } from '../../directory/tables.ts';
import type { GroupChange } from '../../groups/protocol.ts';
import { receptionAt } from '../../isolates/reception-at.ts';
import { RequestError } from '../../request-error.ts';
import { execute, findAccount } from '../../stores/execute.ts';
import type { RequestContext } from './context.ts';

export async function changeGroup(
  context: RequestContext,
  group: GroupId,
  change: GroupChange,
): Promise<GroupInfo> {
  const answer = await call(receptionAt(shardOf(group, context.shards)), {
    kind: 'change_group',
    group,
    by: context.user,
    change,
  });
  if ('error' in answer) throw new RequestError(answer.error, answer.field);
  return toInfo(answer.group);
}

export async function groupInfo(
  context: RequestContext,
  { group }: Argument<'group_info'>,
): Promise<Reply<'group_info'>> {
  return toInfo(await findOwnGroup(context, group));
}

/** Asked of the shards of all members: each keeps the receipts of its own devices. */
export async function groupReceipts(
  context: RequestContext,
  { group }: Argument<'group_receipts'>,
): Promise<Reply<'group_receipts'>> {
  const { device, user, shards } = context;
  const { members } = await findOwnGroup(context, group);
  const others = members.filter(member => member.user !== user);
  const accounts = await Promise.all(others.map(member => findAccount(member.user, shards)));
  const answers = await Promise.all(
    accounts
      .filter(account => account !== null)
      .map(account =>
        execute(shardOf(account.user, shards), {
          kind: 'member_receipts',
          sender: device,
          group,
          devices: account.devices.map(info => info.device),
        }),
      ),
  );
  return { members: answers.flat() };
}

/** Who is not in a group does not learn that it exists. */
async function findOwnGroup({ user, shards }: RequestContext, id: GroupId): Promise<Group> {
  const group = groupOf(id) ?? (await execute(shardOf(id, shards), { kind: 'group', group: id }));
  if (group?.members.some(member => member.user === user) !== true)
    throw new RequestError('unknown_group', 'group');
  return group;
}

const toInfo = ({ group, name, version, members }: Group): GroupInfo => ({
  group,
  name,
  version,
  members: members.map(({ user, admin }) => ({ user, admin })),
});
