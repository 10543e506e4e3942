/** The session's side of a mailbox: which process serves it, what it pushed, what the device has taken. */
import { demonitor, monitor, self, send, sendAfter, type Pid } from '../../actors/index.ts';
import { splitDeliver } from '../../protocol/codec/frame.ts';
import { limits } from '../../protocol/limits.ts';
import type { Ack } from '../../protocol/packets.ts';
import type { Row } from '../../protocol/rows.ts';
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

/** Bytes of a row besides its body and lists: two ids and a few numbers at most. */
const ROW_OVERHEAD_BYTES = 192;

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
  const packet = { kind: 'deliver', after, rows } as const;
  const bytes = rows.reduce((sum, row) => sum + mostBytes(row), 0);
  // Measuring costs an encoding of each row: most pushes are small enough at a glance.
  const parts = bytes <= limits.packetBytes ? [packet] : splitDeliver(packet);
  for (const part of parts) say(state, part);
}

/** More than the row can need. */
function mostBytes(row: Row): number {
  switch (row.kind) {
    case 'message':
      return row.body.length + ROW_OVERHEAD_BYTES;
    case 'receipt':
      return ROW_OVERHEAD_BYTES + row.read.length * 40;
    case 'group':
      return ROW_OVERHEAD_BYTES + row.users.length * 40;
    case 'undelivered':
      return ROW_OVERHEAD_BYTES;
  }
}

function tell(state: SessionState, message: ToMailbox): void {
  if (state.receiving.mailbox !== undefined) send(state.receiving.mailbox, message);
}
