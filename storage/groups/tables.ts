import type { GroupId, UserId } from '../../protocol/ids.ts';
import { defineTable } from '../mnesia/schema.ts';

export interface GroupRecord {
  group: GroupId;
  name: string;
  version: number;
}

export interface MemberRecord {
  group: GroupId;
  user: UserId;
  admin: number;
  joinedAt: number;
  /** The place in the order of joining. */
  place: number;
}

export const groups = defineTable<GroupRecord>({
  name: 'groups',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { group: 'text', name: 'text', version: 'integer' },
  key: ['group'],
});

export const members = defineTable<MemberRecord>({
  name: 'members',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: {
    group: 'text',
    user: 'text',
    admin: 'integer',
    joinedAt: 'integer',
    place: 'integer',
  },
  key: ['group', 'user'],
});
