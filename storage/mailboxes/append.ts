/** Putting rows into mailboxes. */
import { userOf, type DeviceId } from '../../protocol/ids.ts';
import { shardOf } from '../../protocol/shard.ts';
import type { NotedRow } from '../links/contract.ts';
import type { Work } from '../shard/work.ts';
import type { MailboxState } from './mailbox-state.ts';
import { sharedTail, type AppendedTail, type MessageTail } from './row-tails.ts';

/** Whether the mailbox has no room for a message of this size. */
export const isFull = (work: Work, box: Readonly<MailboxState>, size: number): boolean =>
  box.messages >= work.limits.mailboxMessages || box.bytes + size > work.limits.mailboxBytes;

/**
 * Stores a message for devices of this shard, its body once. Where it cannot be stored (the device was removed, its
 * mailbox is full) the sender is told `undelivered`, in order with everything else it is told.
 */
export function appendMessage(
  work: Work,
  message: MessageTail,
  targets: readonly DeviceId[],
): void {
  const { peer: from, seq, size } = message.summary;
  // Of its full length at once: pushing into an empty array takes room for seventeen.
  const open = new Array<MailboxState>(targets.length);
  let count = 0;
  for (const device of targets) {
    const box = work.peekMailbox(device);
    if (box.gone === 0 && !isFull(work, box, size)) open[count++] = work.mailbox(device);
    else note(work, from, { kind: 'undelivered', peer: device, after: seq - 1, upTo: seq });
  }
  if (count === 0) return;
  const bodyId = count > 1 ? work.nextBodyId : null;
  const tail = bodyId === null ? message : sharedTail(message, bodyId);
  if (bodyId !== null) work.addBody(tail.bytes.subarray(tail.bytes.length - size), count);
  for (let i = 0; i < count; i++) {
    const box = open[i] as MailboxState;
    box.messages++;
    box.bytes += size;
    work.append(box, tail);
    const pair = work.pair(from, box);
    if (seq <= pair.stored) continue;
    pair.stored = seq;
    work.changedPair(box, pair);
  }
}

/** Puts a row that is no message into a device's mailbox, in whichever shard that is. */
export function note(work: Work, device: DeviceId, row: NotedRow): void {
  const target = shardOf(userOf(device), work.shards);
  const tail = work.notedTail(row);
  if (target === work.shard) appendNoted(work, device, tail);
  else work.link(target, [device], tail);
}

/** Appends a row that is no message to a device of this shard. A receipt replaces the older one of the same peer. */
export function appendNoted(work: Work, device: DeviceId, tail: AppendedTail): void {
  if (work.peekMailbox(device).gone !== 0) return;
  work.append(work.mailbox(device), tail);
}
