import type { Work } from '../shard/work.ts';
import type { InviteCommands } from './contract.ts';
import { invites } from './tables.ts';

export function makeInvite(
  work: Work,
  { code, uses, expiresAt }: InviteCommands['make_invite']['command'],
): InviteCommands['make_invite']['outcome'] {
  work.tx.write(invites, { code, usesLeft: uses, expiresAt, users: [] });
  return { code };
}

export function useInvite(
  work: Work,
  { code, user, at }: InviteCommands['use_invite']['command'],
): InviteCommands['use_invite']['outcome'] {
  const invite = work.tx.read(invites, code);
  if (invite === undefined) return 'bad_invite';
  if (invite.users.includes(user)) return 'ok';
  if (invite.usesLeft < 1 || invite.expiresAt <= at) return 'bad_invite';
  work.tx.write(invites, {
    ...invite,
    usesLeft: invite.usesLeft - 1,
    users: [...invite.users, user],
  });
  return 'ok';
}
