import type { UserId } from '../../protocol/ids.ts';
import { defineTable } from '../mnesia/schema.ts';

export interface AccountRecord {
  user: UserId;
  version: number;
  /** The number that the next device gets. */
  nextNumber: number;
  createdAt: number;
}

export interface DeviceRecord {
  user: UserId;
  number: number;
  key: Uint8Array;
  /** Number of the device that approved it; null for the first one. */
  addedBy: number | null;
  signature: Uint8Array | null;
  addedAt: number;
  removed: number;
}

export interface BlockRecord {
  user: UserId;
  other: UserId;
}

export const accounts = defineTable<AccountRecord>({
  name: 'accounts',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { user: 'text', version: 'integer', nextNumber: 'integer', createdAt: 'integer' },
  key: ['user'],
});

export const devices = defineTable<DeviceRecord>({
  name: 'devices',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: {
    user: 'text',
    number: 'integer',
    key: 'blob',
    addedBy: { type: 'integer', null: true },
    signature: { type: 'blob', null: true },
    addedAt: 'integer',
    removed: 'integer',
  },
  key: ['user', 'number'],
});

export const blocks = defineTable<BlockRecord>({
  name: 'blocks',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { user: 'text', other: 'text' },
  key: ['user', 'other'],
});
