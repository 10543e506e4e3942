/** Invite codes, all in shard 0. */
export interface InviteCommands {
  make_invite: {
    command: { readonly code: string; readonly uses: number; readonly expiresAt: number };
    outcome: { readonly code: string };
  };
  /** Takes one use for `user`; a user who has used the code already may repeat it. */
  use_invite: {
    command: { readonly code: string; readonly user: string; readonly at: number };
    outcome: 'ok' | 'bad_invite';
  };
}
