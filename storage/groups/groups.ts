/** Groups and their members. */
import type { GroupId } from '../../protocol/ids.ts';
import { note } from '../mailboxes/append.ts';
import type { Work } from '../shard/work.ts';
import type { Group, GroupCommands } from './contract.ts';
import { groups, members } from './tables.ts';

export function readGroup(work: Work, group: GroupId): Group | null {
  const record = work.tx.read(groups, group);
  if (record === undefined) return null;
  const found = work.tx.range(members, [group], [group]);
  found.sort((a, b) => a.place - b.place);
  return {
    ...record,
    members: found.map(({ user, admin, joinedAt }) => ({ user, admin: admin === 1, joinedAt })),
  };
}

export function putGroup(
  work: Work,
  { next, expected, event, by, users, at, devices }: GroupCommands['put_group']['command'],
): Group {
  const { group, name, version } = next;
  const before = readGroup(work, group);
  if ((before?.version ?? 0) !== expected)
    throw new RangeError(
      `group ${group} is at version ${before?.version ?? 0}, expected ${expected}`,
    );
  work.tx.write(groups, { group, name, version });
  const staying = new Set(next.members.map(member => member.user));
  for (const { user } of before?.members ?? [])
    if (!staying.has(user)) work.tx.delete(members, [group, user]);
  next.members.forEach(({ user, admin, joinedAt }, place) => {
    work.tx.write(members, { group, user, admin: admin ? 1 : 0, joinedAt, place });
  });
  const row = { kind: 'group', group, version, event, by, users, at } as const;
  for (const device of devices) note(work, device, row);
  return next;
}
