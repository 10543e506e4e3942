/** The session's side of a mailbox: which process serves it, what it pushed, what the device has taken. */
import { demonitor, monitor, self, send, sendAfter, type Pid } from '../../actors/index.ts';
import { splitEncodedDeliver } from '../../protocol/codec/encoded-deliver.ts';
import type { Ack } from '../../protocol/packets.ts';
import type { Push, ToMailbox } from '../mailboxes/protocol.ts';
import { say } from './outgoing.ts';
import type { SessionState } from './state.ts';

/** The mailbox process that was asked for. */
export interface MailboxFound {
  readonly kind: 'mailbox_found';
  readonly mailbox: Pid;
}

/** It could not be found; try again. */
export const FIND_MAILBOX = { kind: 'find_mailbox' } as const;

const RETRY_MS = 50;

/** Says `state` and then lets the mailbox push from what the device has acknowledged. */
export function begin(state: SessionState): void {
  state.home.submit(
    { kind: 'state', device: state.device },
    committed => {
      state.sending.gapSeq = 0;
      state.receiving.acked = state.receiving.committed = committed.acked;
      say(state, { kind: 'state', ...committed });
      findMailbox(state);
    },
    () => {
      throw new Error('reading the state takes no room, yet the store refused it for want of room');
    },
  );
}

export function findMailbox(state: SessionState): void {
  if (state.phase === 'ending') return;
  const me = self();
  state.services.mailboxOf(state.user).then(
    mailbox => {
      send(me, { kind: 'mailbox_found', mailbox } satisfies MailboxFound);
    },
    () => {
      // Its supervisor is being restarted: the reason is in the supervisor's report.
      sendAfter(RETRY_MS, me, FIND_MAILBOX);
    },
  );
}

export function attach(state: SessionState, { mailbox }: MailboxFound): void {
  // A session that was replaced must not push its successor out of the mailbox.
  if (state.phase === 'ending') return;
  const { receiving } = state;
  if (receiving.watch !== undefined) demonitor(receiving.watch, { flush: true });
  receiving.mailbox = mailbox;
  receiving.watch = monitor(mailbox);
  tell(state, {
    kind: 'attach_device',
    device: state.device,
    session: self(),
    acked: receiving.acked,
    committed: receiving.committed,
  });
  if (receiving.congested) pause(state, true);
}

/** The mailbox process is gone: another one takes over from what is acknowledged. */
export function detached(state: SessionState): void {
  state.receiving.mailbox = state.receiving.watch = undefined;
  findMailbox(state);
}

export function taken(state: SessionState, { upTo, again }: Ack): void {
  state.receiving.acked = Math.max(state.receiving.acked, upTo);
  tell(state, { kind: 'taken', device: state.device, session: self(), upTo, again });
}

export function pause(state: SessionState, paused: boolean): void {
  state.receiving.congested = paused;
  tell(state, { kind: 'pause', device: state.device, session: self(), paused });
}

/** Says rows in `deliver` packets that keep to the packet limit. */
export function deliver(state: SessionState, { after, rows }: Push): void {
  state.services.metrics.pushed.inc(rows.length);
  for (const part of splitEncodedDeliver({ kind: 'deliver', after, encoded: rows }))
    say(state, part);
}

function tell(state: SessionState, message: ToMailbox): void {
  if (state.receiving.mailbox !== undefined) send(state.receiving.mailbox, message);
}
