import { defineTable } from '../mnesia/schema.ts';

export interface InviteRecord {
  code: string;
  usesLeft: number;
  expiresAt: number;
  /** Who has used it: a repeated registration takes no second use. */
  users: string[];
}

export const invites = defineTable<InviteRecord>({
  name: 'invites',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { code: 'text', usesLeft: 'integer', expiresAt: 'integer', users: 'term' },
  key: ['code'],
});
