/** What is said to a group's process. */
import type { Request, ServerPid } from '../../actors/index.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { GroupId, UserId } from '../../protocol/ids.ts';
import type { Group } from '../../storage/groups/contract.ts';

/** The registered name of a group's process, while the group is active. */
export const groupName = (group: GroupId): string => `group.${group}`;

export type GroupChange =
  | { readonly kind: 'create'; readonly name: string; readonly users: readonly UserId[] }
  | { readonly kind: 'add'; readonly users: readonly UserId[] }
  | { readonly kind: 'remove'; readonly users: readonly UserId[] }
  | { readonly kind: 'leave' };

export type GroupAnswer =
  { readonly group: Group } | { readonly error: ErrorCode; readonly field?: string };

export type GroupCall = Request<
  'change',
  { readonly by: UserId; readonly change: GroupChange },
  GroupAnswer
>;

export type GroupPid = ServerPid<GroupCall, never>;
