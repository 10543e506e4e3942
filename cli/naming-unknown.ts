/** Says which user there is not: the server's answer to a request that names several leaves that open. */
import type { Client } from '../client/client.ts';
import { ClientError } from '../client/errors.ts';
import type { UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

/** @param users whom the request names @throws (rejects) as the request does; `unknown_user` with the names */
export async function namingUnknown<T>(
  client: Client,
  users: readonly UserId[],
  request: Promise<T>,
): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    if (!(cause instanceof ClientError) || cause.code !== 'unknown_user') throw cause;
    const unknown = await unknownOf(client, users);
    // Whoever was missing may have registered meanwhile.
    if (unknown.length === 0) throw cause;
    throw new ClientError('unknown_user', noUser(unknown), { cause });
  }
}

/** The sentence for `unknown_user`. */
export const noUser = (names: readonly string[]): string =>
  `There is no user ${names.join(' and no user ')}: check how the name is written.`;

async function unknownOf(client: Client, users: readonly UserId[]): Promise<UserId[]> {
  const unknown: UserId[] = [];
  for (let at = 0; at < users.length; at += limits.usersPerRequest) {
    const asked = users.slice(at, at + limits.usersPerRequest);
    const { users: found } = await client.request('devices', { users: asked });
    const known = new Set(found.map(({ user }) => user));
    unknown.push(...asked.filter(user => !known.has(user)));
  }
  return unknown;
}
