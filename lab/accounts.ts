import type { Identity } from '../protocol/device/identity.ts';
import { newIdentity, register } from '../client/registration.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';

/** Registrations under way at once: enough to share the server's commits. */
const atOnce = 64;

/**
 * Registers `count` users named `<prefix>0`, `<prefix>1` … over HTTP, many at a time.
 * @throws (rejects) ClientError such as `handle_taken`
 */
export async function registerUsers(
  server: string,
  prefix: string,
  count: number,
): Promise<Identity[]> {
  const identities: Identity[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++)
      identities[index] = await registerUser(server, `${prefix}${index}`);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
  return identities;
}

export const registerUser = async (server: string, handle: string): Promise<Identity> =>
  register(nodeCrypto, await newIdentity(nodeCrypto, server, handle));
