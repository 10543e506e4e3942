import type { Conversation, DeviceId } from '../../protocol/ids.ts';
import type { Refusal } from '../../protocol/refusal.ts';
import { defineTable } from '../mnesia/schema.ts';

/** A device as sender and as mailbox: one record, because one message touches both of them at its ends. */
export interface WatermarkRecord {
  device: DeviceId;
  /** As sender: see SenderState. */
  upTo: number;
  seen: number;
  rev: number;
  why: Refusal | null;
  /** The number of the newest row ever; a durable counter, so that a number is never given twice. */
  lastRow: number;
  acked: number;
  /** Messages waiting, and the bytes of their bodies. */
  messages: number;
  bytes: number;
  /** 1 when the device was removed: nothing is stored for it any more. */
  gone: number;
}

/** All rows that one batch appended to a device, receipts apart; see segments.ts. */
export interface SegmentRecord {
  device: DeviceId;
  /** The number of the last row. */
  last: number;
  /** Encoded rows, one after the other. */
  rows: Uint8Array;
}

/** A body that several rows share. */
export interface BodyRecord {
  id: number;
  body: Uint8Array;
}

/** How many rows still share a body; apart from it, so that counting down does not write the body again. */
export interface BodyCountRecord {
  id: number;
  rows: number;
}

/**
 * The newest receipt that a device has of a peer. It waits to be pushed while its number is above what the device has
 * acknowledged; it stays afterwards, so that its going costs nothing, until the next one takes its place.
 */
export interface ReceiptRowRecord {
  device: DeviceId;
  peer: DeviceId;
  n: number;
  delivered: number;
  /** Null for none. */
  read: (readonly [Conversation, number])[] | null;
}

export const watermarks = defineTable<WatermarkRecord>({
  name: 'watermarks',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: {
    device: 'text',
    upTo: 'integer',
    seen: 'integer',
    rev: 'integer',
    why: { type: 'term', null: true },
    lastRow: 'integer',
    acked: 'integer',
    messages: 'integer',
    bytes: 'integer',
    gone: 'integer',
  },
  key: ['device'],
});

export const mailboxSegments = defineTable<SegmentRecord>({
  name: 'mailbox_segments',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { device: 'text', last: 'integer', rows: 'blob' },
  key: ['device', 'last'],
});

export const bodies = defineTable<BodyRecord>({
  name: 'bodies',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { id: 'integer', body: 'blob' },
  key: ['id'],
});

export const bodyCounts = defineTable<BodyCountRecord>({
  name: 'body_counts',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { id: 'integer', rows: 'integer' },
  key: ['id'],
});

export const receiptRows = defineTable<ReceiptRowRecord>({
  name: 'receipt_rows',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: {
    device: 'text',
    peer: 'text',
    n: 'integer',
    delivered: 'integer',
    read: { type: 'term', null: true },
  },
  key: ['device', 'peer'],
});
