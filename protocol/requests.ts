import type { DeviceId, GroupId, UserId } from './ids.ts';

/** A device as others see it. The chain of `addedBy` signatures leads back to the account's first device. */
export interface DeviceInfo {
  readonly device: DeviceId;
  /** Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  /** The device that approved it; null for an account's first one. */
  readonly addedBy: DeviceId | null;
  /** `addedBy`’s Ed25519 signature over {@link approvalBytes}; null for the first one. */
  readonly signature: Uint8Array | null;
  readonly addedAt: number;
}

export interface UserDevices {
  readonly user: UserId;
  readonly version: number;
  readonly devices: readonly DeviceInfo[];
}

export interface GroupInfo {
  readonly group: GroupId;
  readonly name: string;
  readonly version: number;
  readonly members: readonly { readonly user: UserId; readonly admin: boolean }[];
}

/** How far one member’s device has got with what the asking device sent into a group. */
export interface MemberReceipt {
  readonly device: DeviceId;
  readonly delivered: number;
  readonly read: number;
}

/**
 * Requests by method: what is asked and what is answered. All may be repeated with the same effect, because a
 * client asks again after a reconnect whatever had no answer.
 */
export interface Requests {
  /** Unknown users are left out of the answer. */
  devices: { argument: { users: readonly UserId[] }; reply: { users: readonly UserDevices[] } };
  /** Adds a device of the own user. `key` is the new device’s, `signature` the asking device’s over {@link approvalBytes}. */
  device_approve: {
    argument: { key: Uint8Array; signature: Uint8Array };
    reply: { device: DeviceId };
  };
  /** Removes a device of the own user; its waiting messages are told `undelivered` to their senders. */
  device_remove: { argument: { device: DeviceId }; reply: { version: number } };
  block: { argument: { user: UserId }; reply: Record<string, never> };
  unblock: { argument: { user: UserId }; reply: Record<string, never> };
  /** The creator is the first admin; `members` need not name it. */
  group_create: {
    argument: { group: GroupId; name: string; members: readonly UserId[] };
    reply: GroupInfo;
  };
  group_add: { argument: { group: GroupId; users: readonly UserId[] }; reply: GroupInfo };
  group_remove: { argument: { group: GroupId; users: readonly UserId[] }; reply: GroupInfo };
  /** When the last admin leaves, the longest member becomes one. */
  group_leave: { argument: { group: GroupId }; reply: Record<string, never> };
  group_info: { argument: { group: GroupId }; reply: GroupInfo };
  /** The receipts of a group's members for what the asking device sent: kept per member, read on demand. */
  group_receipts: { argument: { group: GroupId }; reply: { members: readonly MemberReceipt[] } };
}

export type Method = keyof Requests;
export type Argument<M extends Method> = Requests[M]['argument'];
export type Reply<M extends Method> = Requests[M]['reply'];

export const methods = [
  'devices',
  'device_approve',
  'device_remove',
  'block',
  'unblock',
  'group_create',
  'group_add',
  'group_remove',
  'group_leave',
  'group_info',
  'group_receipts',
] as const satisfies readonly Method[];
