/**
 * Names and numbers of the protocol. Ids are branded: a device is never passed where a user is meant.
 *
 * - a **user** is known by its handle: 1–32 characters of `a-z 0-9 . _ -`, beginning and ending with a letter or digit;
 * - a **device** is `user:number`, the number counted up per user and never given twice;
 * - a **group** is `g_` and 22 characters of base64url: 16 random bytes made by the client that creates it,
 *   so that a repeated request creates it once.
 */

export type UserId = string & { readonly __id: 'user' };
export type DeviceId = string & { readonly __id: 'device' };
export type GroupId = string & { readonly __id: 'group' };

/** A conversation as receipts count it: a group, or `null` for direct messages. */
export type Conversation = GroupId | null;

const USER = /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/;
const DEVICE = /^([a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?):([1-9][0-9]{0,8})$/;
const GROUP = /^g_[A-Za-z0-9_-]{22}$/;

export const isUserId = (value: unknown): value is UserId =>
  typeof value === 'string' && USER.test(value);
export const isDeviceId = (value: unknown): value is DeviceId =>
  typeof value === 'string' && DEVICE.test(value);
export const isGroupId = (value: unknown): value is GroupId =>
  typeof value === 'string' && GROUP.test(value);

/** The user whose device this is. */
export const userOf = (device: DeviceId): UserId =>
  device.slice(0, device.lastIndexOf(':')) as UserId;

/** @param number the device's number among its user's, from 1 */
export const deviceId = (user: UserId, number: number): DeviceId => `${user}:${number}` as DeviceId;

/** The device's number among its user's, from 1. */
export const deviceNumber = (device: DeviceId): number =>
  Number(device.slice(device.lastIndexOf(':') + 1));

/** @param bytes 16 random bytes */
export const groupId = (bytes: Uint8Array): GroupId => {
  if (bytes.length !== 16) throw new RangeError(`a group id takes 16 bytes, got ${bytes.length}`);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const text = btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return `g_${text}` as GroupId;
};
