/** What is said to and by a user's mailbox process. */
import type { Pid } from '../../actors/index.ts';
import type { DeviceId, UserId } from '../../protocol/ids.ts';
import type { MailboxRow } from '../../storage/mailboxes/row-tails.ts';

/** The registered name of a user's mailbox process, while the user is active. */
export const mailboxName = (user: UserId): string => `mailbox.${user}`;

/** From the store, after a commit: rows for a device of this user. */
export interface Appended {
  readonly kind: 'appended';
  readonly device: DeviceId;
  readonly rows: readonly MailboxRow[];
}

/** From a session: it receives for the device from now on, beginning after row `acked`. */
export interface Attach {
  readonly kind: 'attach_device';
  readonly device: DeviceId;
  readonly session: Pid;
  readonly acked: number;
  /** What of it the store is known to have committed: the mailbox process before may have died with the rest. */
  readonly committed: number;
}

/** From the attached session: see the `ack` packet. */
export interface Taken {
  readonly kind: 'taken';
  readonly device: DeviceId;
  readonly session: Pid;
  readonly upTo: number;
  readonly again: boolean;
}

/** From the attached session: its socket is full, or has room again. */
export interface Pause {
  readonly kind: 'pause';
  readonly device: DeviceId;
  readonly session: Pid;
  readonly paused: boolean;
}

export type ToMailbox = Appended | Attach | Taken | Pause;

/**
 * To a session that receives for a device and is not attached: rows wait for it, or its user's mailbox process has
 * begun to run, which tells nobody but who is attached. See `sessions/receiving.ts`.
 */
export interface RowsWait {
  readonly kind: 'rows_wait';
}
export const ROWS_WAIT: RowsWait = { kind: 'rows_wait' };

/** To the attached session: the next rows, within the window. */
export interface Push {
  readonly kind: 'push';
  /** The number before the first row. */
  readonly after: number;
  readonly rows: readonly MailboxRow[];
}
