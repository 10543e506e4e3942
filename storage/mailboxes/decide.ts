/** Deciding a send in the sender's home shard, by the rules of protocol/delivery/sender.ts. */
import { accept, judge, refuse, type SenderState } from '../../protocol/delivery/sender.ts';
import { raiseRead } from '../../protocol/delivery/receipt.ts';
import { userOf, type DeviceId, type UserId } from '../../protocol/ids.ts';
import type { Refusal } from '../../protocol/refusal.ts';
import { shardOf } from '../../protocol/shard.ts';
import { tellReceipt } from '../receipts/tell.ts';
import type { Work } from '../shard/work.ts';
import { appendMessage, isFull } from './append.ts';
import type { Decision, DeviceState, Effect, MailboxCommands } from './contract.ts';
import type { MailboxState } from './mailbox-state.ts';
import { messageTail, type MessageTail } from './row-tails.ts';

export function deviceState(work: Work, era: number, device: DeviceId): DeviceState {
  const { upTo, seen, rev, why, acked } = work.glanceAtMailbox(device);
  return { upTo, seen, rev, why, acked, era };
}

export function decide(
  work: Work,
  era: number,
  { device, offer, intent, at }: MailboxCommands['decide']['command'],
): Decision {
  const state = work.peekMailbox(device);
  switch (judge(state, offer)) {
    case 'accepted_again':
      return { kind: 'accepted', upTo: state.upTo };
    case 'refused_again':
      return rejected(state, offer.seq, offer.rev, state.why);
    case 'gap':
      return { kind: 'gap', seq: offer.seq, state: deviceState(work, era, device) };
    case 'fresh': {
      const why = intent.kind === 'refuse' ? intent.why : noRoom(work, device, intent);
      if (why !== null) {
        become(work.mailbox(device), refuse(state, offer, why));
        return rejected(state, offer.seq, offer.rev, why);
      }
      become(work.mailbox(device), accept(offer));
      if (intent.kind !== 'refuse') carryOut(work, device, offer.seq, intent, at);
      return { kind: 'accepted', upTo: offer.seq };
    }
  }
}

/** Field by field: `Object.assign` costs more than all else that accepting does. */
function become(box: MailboxState, { upTo, seen, rev, why }: SenderState): void {
  box.upTo = upTo;
  box.seen = seen;
  box.rev = rev;
  box.why = why;
}

function rejected(state: SenderState, seq: number, rev: number, why: Refusal | null): Decision {
  if (why === null) throw new TypeError(`send ${seq} was refused, but its reason is not kept`);
  return { kind: 'rejected', seq, rev, why, upTo: state.upTo };
}

/**
 * A direct message is refused when an addressed user has no device with room. Of what a group's members or the own
 * other devices miss the sender is told afterwards: an own device that lies in a drawer must not stop the others.
 */
function noRoom(work: Work, sender: DeviceId, effect: Effect): Refusal | null {
  if (effect.kind !== 'message' || effect.conversation !== null) return null;
  const { targets, body } = effect;
  let isAnyFull = false;
  for (const device of targets) isAnyFull ||= isFull(work, work.peekMailbox(device), body.length);
  if (!isAnyFull) return null;
  const own = userOf(sender);
  const full = new Map<UserId, boolean>();
  for (const device of targets) {
    const user = userOf(device);
    if (user === own || shardOf(user, work.shards) !== work.shard) continue;
    const isFullHere = isFull(work, work.peekMailbox(device), body.length);
    full.set(user, (full.get(user) ?? true) && isFullHere);
  }
  for (const [user, isFullEverywhere] of full)
    if (isFullEverywhere) return { code: 'mailbox_full', user };
  return null;
}

function carryOut(work: Work, device: DeviceId, seq: number, effect: Effect, at: number): void {
  if (effect.kind === 'read') {
    const box = work.mailbox(device);
    const pair = work.pair(effect.sender, box);
    const after = raiseRead(pair, effect.conversation, effect.upTo);
    if (after === pair) return;
    pair.read = after.read;
    work.changedPair(box, pair);
    tellReceipt(work, pair);
    return;
  }
  const { conversation, body } = effect;
  const message = messageTail({ from: device, seq, conversation, acceptedAt: at, body });
  const [first] = effect.targets;
  if (work.shards === 1) appendMessage(work, message, effect.targets);
  else if (effect.targets.length === 1 && first !== undefined)
    appendIn(work, shardOf(userOf(first), work.shards), message, effect.targets);
  else
    for (const [shard, targets] of byShard(effect.targets, work.shards))
      appendIn(work, shard, message, targets);
}

function appendIn(
  work: Work,
  shard: number,
  message: MessageTail,
  targets: readonly DeviceId[],
): void {
  if (shard === work.shard) appendMessage(work, message, targets);
  else work.link(shard, targets, message);
}

function byShard(devices: readonly DeviceId[], shards: number): Map<number, readonly DeviceId[]> {
  const map = new Map<number, DeviceId[]>();
  for (const device of devices) {
    const shard = shardOf(userOf(device), shards);
    const list = map.get(shard);
    if (list === undefined) map.set(shard, [device]);
    else list.push(device);
  }
  return map;
}
