/** Who may change a group how, as a pure function from one version to the next. */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { GroupId, UserId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { GroupEvent } from '../../protocol/rows.ts';
import type { Group, GroupMember } from '../../storage/groups/contract.ts';
import type { GroupChange } from './protocol.ts';

export type NextGroup =
  /** The change has been made already: a repeated request. */
  | { readonly kind: 'same'; readonly group: Group }
  | {
      readonly kind: 'next';
      readonly group: Group;
      readonly event: GroupEvent;
      readonly users: readonly UserId[];
    }
  | { readonly kind: 'error'; readonly error: ErrorCode; readonly field?: string };

export function nextGroup(
  id: GroupId,
  before: Group | null,
  by: UserId,
  change: GroupChange,
  at: number,
  maxMembers: number = limits.membersPerGroup,
): NextGroup {
  if (change.kind === 'create') return create(id, before, by, change, at, maxMembers);
  const me = before?.members.find(member => member.user === by);
  if (before === null || me === undefined) {
    // Who is not in a group does not learn that it exists; who has left may say so again.
    return change.kind === 'leave' && before !== null
      ? { kind: 'same', group: before }
      : { kind: 'error', error: 'unknown_group', field: 'group' };
  }
  if (change.kind === 'leave') return leave(before, by);
  if (!me.admin) return { kind: 'error', error: 'not_admin' };
  return change.kind === 'add'
    ? add(before, change.users, at, maxMembers)
    : remove(before, by, change.users);
}

function create(
  id: GroupId,
  before: Group | null,
  by: UserId,
  { name, users }: Extract<GroupChange, { kind: 'create' }>,
  at: number,
  maxMembers: number,
): NextGroup {
  if (before !== null) {
    const repeated = before.name === name && before.members.some(member => member.user === by);
    return repeated ? { kind: 'same', group: before } : { kind: 'error', error: 'group_exists' };
  }
  const everybody = [...new Set([by, ...users])];
  if (everybody.length > maxMembers) return { kind: 'error', error: 'group_full' };
  const members = everybody.map(user => ({ user, admin: user === by, joinedAt: at }));
  return next({ group: id, name, version: 1, members }, 'created', everybody);
}

function add(before: Group, users: readonly UserId[], at: number, maxMembers: number): NextGroup {
  const present = new Set(before.members.map(member => member.user));
  const added = [...new Set(users)].filter(user => !present.has(user));
  if (added.length === 0) return { kind: 'same', group: before };
  if (present.size + added.length > maxMembers) return { kind: 'error', error: 'group_full' };
  const joining = added.map(user => ({ user, admin: false, joinedAt: at }));
  return next(withMembers(before, [...before.members, ...joining]), 'added', added);
}

function remove(before: Group, by: UserId, users: readonly UserId[]): NextGroup {
  if (users.includes(by)) return { kind: 'error', error: 'bad_field', field: 'users' };
  const leaving = new Set(users);
  const removed = before.members.filter(({ user }) => leaving.has(user)).map(({ user }) => user);
  if (removed.length === 0) return { kind: 'same', group: before };
  const staying = before.members.filter(member => !leaving.has(member.user));
  return next(withMembers(before, staying), 'removed', removed);
}

/** When the last admin leaves, the member of longest standing becomes one. */
function leave(before: Group, by: UserId): NextGroup {
  const staying = before.members.filter(member => member.user !== by);
  const [eldest, ...others] = staying;
  const members: readonly GroupMember[] =
    eldest === undefined || staying.some(member => member.admin)
      ? staying
      : [{ ...eldest, admin: true }, ...others];
  return next(withMembers(before, members), 'left', [by]);
}

const withMembers = (before: Group, members: readonly GroupMember[]): Group => ({
  ...before,
  version: before.version + 1,
  members,
});

const next = (group: Group, event: GroupEvent, users: readonly UserId[]): NextGroup => ({
  kind: 'next',
  group,
  event,
  users,
});
