/**
 * The session's side of a mailbox: which process serves it, what it pushed, what the device has taken.
 *
 * Most devices that are connected have nothing to receive most of the time, and need no mailbox process: their session
 * rests, and the store tells it of rows. It may rest when nothing waits and no mailbox process runs for its user: that
 * one would get the rows and might die with them, so it wakes all sessions of its user when it starts. The session is in
 * the table of speakers before it asks the store what waits: whatever is committed later finds it there.
 */
import {
  demonitor,
  monitor,
  self,
  send,
  sendAfter,
  whereis,
  type DownMessage,
  type Pid,
} from '../../actors/index.ts';
import { splitEncodedDeliver } from '../../protocol/codec/encoded-deliver.ts';
import type { Ack } from '../../protocol/packets.ts';
import type { DeviceState } from '../../storage/mailboxes/contract.ts';
import type { OutcomeOf } from '../../storage/shard/contract.ts';
import { mailboxName, type Push, type ToMailbox } from '../mailboxes/protocol.ts';
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

/** Says `state`, and then has what waits pushed from what the device has acknowledged. */
export function begin(state: SessionState): void {
  look(state, (committed, state) => {
    state.sending.gapSeq = 0;
    say(state, { kind: 'state', ...committed });
  });
}

/** Asks the store whether anything waits; if not, no mailbox process is needed. */
function look(
  state: SessionState,
  found: (committed: DeviceState, state: SessionState) => void,
): void {
  const { receiving, device } = state;
  receiving.course = 'looking';
  state.home.submitAll(
    [
      { kind: 'state', device },
      { kind: 'read_rows', device, after: 0, rows: 0, bytes: 0 },
    ],
    (outcomes, state) => {
      const { receiving } = state;
      const [committed, waiting] = outcomes as [DeviceState, OutcomeOf<'read_rows'>];
      receiving.committed = committed.acked;
      receiving.acked = Math.max(receiving.acked, committed.acked);
      found(committed, state);
      const told = receiving.course !== 'looking';
      const mayRest = waiting.complete && !told && whereis(mailboxName(state.user)) === undefined;
      if (mayRest) receiving.course = 'resting';
      else findMailbox(state);
    },
    () => {
      throw new Error('reading the state takes no room, yet the store refused it for want of room');
    },
  );
}

/** The store has committed rows for the device, or a mailbox process of its user has started. */
export function rowsWait(state: SessionState): void {
  const { receiving } = state;
  // The answer that is under way may be from before.
  if (receiving.course === 'looking') receiving.course = 'told';
  else if (receiving.course === 'resting') findMailbox(state);
}

/** What the dead store has committed last it may have told nobody. */
export function storeDied(state: SessionState): void {
  if (state.receiving.course === 'resting') look(state, () => undefined);
}

export function findMailbox(state: SessionState): void {
  if (state.phase === 'ending') return;
  state.receiving.course = 'served';
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

/** The mailbox process is gone: if it had nothing left to do the session rests too, else another one takes over. */
export function detached(state: SessionState, { reason }: DownMessage): void {
  state.receiving.mailbox = state.receiving.watch = undefined;
  if (reason === 'normal') look(state, () => undefined);
  else findMailbox(state);
}

export function taken(state: SessionState, { upTo, again }: Ack): void {
  const { receiving } = state;
  // While nothing waits there is nothing to acknowledge; a device that says it misses something gets a look.
  if (receiving.course === 'resting' && !again) return;
  receiving.acked = Math.max(receiving.acked, upTo);
  if (receiving.course === 'resting') findMailbox(state);
  else tell(state, { kind: 'taken', device: state.device, session: self(), upTo, again });
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
