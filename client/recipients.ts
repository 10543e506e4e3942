/** Whom a message is for, as the application says it and as the server is told. */
import type { GroupId, UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Addressing } from '../protocol/packets.ts';
import { ClientError } from './errors.ts';

/** Naming the own user alone sends to the user's other devices. */
export type Recipients = { readonly to: UserId | readonly UserId[] } | { readonly group: GroupId };

/**
 * @param self the own user, whose other devices get a copy of everything
 * @param version of a device list or group, as last told
 * @throws ClientError `field_too_large` for no user, or too many
 */
export function addressingOf(
  recipients: Recipients,
  self: UserId,
  version: (id: UserId | GroupId) => number,
): Addressing {
  if ('group' in recipients) {
    const { group } = recipients;
    return { kind: 'group', group, version: version(group) };
  }
  const named = usersOf(recipients.to);
  const others = [...new Set(named)].filter(user => user !== self);
  if (named.length === 0 || others.length > limits.recipientsPerSend)
    throw new ClientError(
      'field_too_large',
      `A message is for 1 to ${limits.recipientsPerSend} users.`,
      { field: 'to', limit: limits.recipientsPerSend },
    );
  return {
    kind: 'direct',
    users: others.map(user => [user, version(user)]),
    own: version(self),
  };
}

/** What the body shows its readers. */
export const shownTo = (recipients: Recipients): GroupId | readonly UserId[] =>
  'group' in recipients ? recipients.group : usersOf(recipients.to);

const usersOf = (to: UserId | readonly UserId[]): readonly UserId[] =>
  typeof to === 'string' ? [to] : to;
