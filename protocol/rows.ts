import type { Conversation, DeviceId, GroupId, UserId } from './ids.ts';

/**
 * What a mailbox holds for a device, numbered 1, 2, 3 … by `n`, from a counter that never goes back.
 * A mailbox row is pushed with `deliver` and goes when the device has acknowledged its number.
 */
export type Row = MessageRow | ReceiptRow | UndeliveredRow | GroupRow;

/** One message of another device (also of the user's own other devices). `seq` is the sending device's number. */
export interface MessageRow {
  readonly kind: 'message';
  readonly n: number;
  readonly from: DeviceId;
  readonly seq: number;
  readonly conversation: Conversation;
  /** When it was accepted: milliseconds since 1970, the server's clock. */
  readonly acceptedAt: number;
  readonly body: Uint8Array;
}

/**
 * How far `peer` has got with what this device sent, in this device's own numbering. Only rises; a newer row
 * replaces an older one of the same peer. `read` has one watermark per conversation.
 */
export interface ReceiptRow {
  readonly kind: 'receipt';
  readonly n: number;
  readonly peer: DeviceId;
  readonly delivered: number;
  readonly read: readonly (readonly [Conversation, number])[];
}

/**
 * Messages numbered `after < seq <= upTo` that `peer` had not acknowledged will not reach it:
 * they expired, its mailbox was full (in a group), or the device was removed.
 */
export interface UndeliveredRow {
  readonly kind: 'undelivered';
  readonly n: number;
  readonly peer: DeviceId;
  readonly after: number;
  readonly upTo: number;
}

/** A group that this device's user is or was in has changed. */
export interface GroupRow {
  readonly kind: 'group';
  readonly n: number;
  readonly group: GroupId;
  /** The group's version after the change. */
  readonly version: number;
  readonly event: GroupEvent;
  readonly by: UserId;
  readonly users: readonly UserId[];
  readonly at: number;
}

export const groupEvents = ['created', 'added', 'removed', 'left'] as const;
export type GroupEvent = (typeof groupEvents)[number];
