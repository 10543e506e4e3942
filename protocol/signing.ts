import type { DeviceId, UserId } from './ids.ts';

/**
 * What is signed with a device's Ed25519 key (RFC 8032), each with a context of its own so that a signature
 * made for one purpose never serves another. Fields are separated by a zero byte, which no id contains;
 * the binary field stands last and has a fixed length.
 */

const text = new TextEncoder();

function bytes(fields: readonly string[], last: Uint8Array): Uint8Array {
  const head = text.encode(fields.map(field => `${field}\0`).join(''));
  const all = new Uint8Array(head.length + last.length);
  all.set(head);
  all.set(last, head.length);
  return all;
}

/** Proof that the registering client holds `key`. @param key 32 bytes */
export const registrationBytes = (user: UserId, key: Uint8Array): Uint8Array =>
  bytes(['strowger.v1 register', user], key);

/** Answer to a login challenge. @param roles the bits of the `login` packet @param nonce 32 bytes */
export const loginBytes = (device: DeviceId, roles: number, nonce: Uint8Array): Uint8Array =>
  bytes(['strowger.v1 login', device, String(roles)], nonce);

/** A device of `user` lets the holder of `key` in. @param key the new device's, 32 bytes */
export const approvalBytes = (user: UserId, key: Uint8Array): Uint8Array =>
  bytes(['strowger.v1 approve', user], key);
