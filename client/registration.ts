import type { CryptoBackend } from '../protocol/crypto/backend.ts';
import { isDeviceId, isUserId, userOf, type DeviceId, type UserId } from '../protocol/ids.ts';
import { registrationBytes } from '../protocol/signing.ts';
import { toBase64url } from './base64url.ts';
import { systemClock, type Clock } from './clock.ts';
import { ClientError } from './errors.ts';
import { askHttp, type Fetch } from './http.ts';
import type { Identity } from '../protocol/device/identity.ts';

/**
 * Makes the keys of a device that the server does not know yet. Store it before {@link register} or
 * {@link awaitApproval}: then a crash in between loses nothing, as both may be repeated with the same key.
 * @throws ClientError `bad_handle`
 */
export async function newIdentity(
  crypto: CryptoBackend,
  server: string,
  handle: string,
): Promise<Identity> {
  if (!isUserId(handle)) throw new ClientError('bad_handle', undefined, { field: 'handle' });
  const { publicKey, privateKey } = await crypto.generateKeyPair();
  return { server, user: handle, device: null, publicKey, privateKey, retired: false };
}

/**
 * Makes an account with this device as its first one.
 * @param invite a code, where the server asks for one
 * @returns the identity with its device
 * @throws (rejects) ClientError such as `handle_taken`, `invite_needed`, `unreachable`
 */
export async function register(
  crypto: CryptoBackend,
  identity: Identity,
  { invite, fetch }: { readonly invite?: string; readonly fetch?: Fetch } = {},
): Promise<Identity> {
  const { server, user, publicKey, privateKey } = identity;
  const signature = await crypto.sign(privateKey, registrationBytes(user, publicKey));
  const answer = await askHttp({
    server,
    method: 'POST',
    path: '/v1/register',
    body: {
      handle: user,
      key: toBase64url(publicKey),
      signature: toBase64url(signature),
      ...(invite === undefined ? {} : { invite }),
    },
    ...(fetch === undefined ? {} : { fetch }),
  });
  const device = deviceIn(answer, user);
  if (device === null) throw new ClientError('bad_answer');
  return { ...identity, device };
}

export interface AwaitApprovalOptions {
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  /** Between two questions. */
  readonly pollMs?: number;
  /** Gives the waiting up, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Waits until another device of the user has approved this one; its owner hands over what `linkCode` gives.
 * @returns the identity with its device
 * @throws (rejects) ClientError such as `unreachable`, `unknown_user`
 */
export async function awaitApproval(
  identity: Identity,
  { fetch, clock = systemClock, pollMs = 2_000, signal }: AwaitApprovalOptions = {},
): Promise<Identity> {
  const { server, user, publicKey } = identity;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await askHttp({
      server,
      method: 'GET',
      path: `/v1/users/${user}/devices?key=${toBase64url(publicKey)}`,
      ...(fetch === undefined ? {} : { fetch }),
    });
    const device = deviceIn(answer, user);
    if (device !== null) return { ...identity, device };
    await new Promise<void>(resolve => clock.setTimer(resolve, pollMs));
  }
}

function deviceIn(answer: unknown, user: UserId): DeviceId | null {
  const { device } = answer as { device?: unknown };
  if (device === null) return null;
  if (!isDeviceId(device) || userOf(device) !== user) throw new ClientError('bad_answer');
  return device;
}
