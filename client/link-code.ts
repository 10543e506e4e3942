import { isUserId, type UserId } from '../protocol/ids.ts';
import { fromBase64url, toBase64url } from './base64url.ts';
import { ClientError } from './errors.ts';

/** What a new device shows, and what a device that is in approves: `<user>/<base64url key>`. */
export interface LinkCode {
  readonly user: UserId;
  /** The new device's Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
}

export const linkCode = ({ user, key }: LinkCode): string => `${user}/${toBase64url(key)}`;

/** @throws ClientError `bad_field` */
export function readLinkCode(code: string): LinkCode {
  const [user, encoded, ...rest] = code.trim().split('/');
  const key = encoded === undefined ? null : fromBase64url(encoded);
  if (!isUserId(user) || key?.length !== 32 || rest.length > 0)
    throw new ClientError(
      'bad_field',
      'This is no code of a new device: copy all of what it shows, name, slash and key.',
      { field: 'code' },
    );
  return { user, key };
}
