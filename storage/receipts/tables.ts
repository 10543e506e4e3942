import type { DeviceId } from '../../protocol/ids.ts';
import { defineTable } from '../mnesia/schema.ts';

/** A ReceiptState per pair of devices, kept in the shard of the receiving one. */
export interface ReceiptRecord {
  peer: DeviceId;
  sender: DeviceId;
  stored: number;
  delivered: number;
  /** Null for nothing, which costs no encoding. */
  read: Record<string, number> | null;
}

export const receipts = defineTable<ReceiptRecord>({
  name: 'receipts',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: {
    peer: 'text',
    sender: 'text',
    stored: 'integer',
    delivered: 'integer',
    read: { type: 'term', null: true },
  },
  key: ['peer', 'sender'],
});
