/** Messages that will not be delivered: they waited too long, or their device was removed. */
import { rowKinds } from '../../protocol/codec/rows.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { Work } from '../shard/work.ts';
import { countOut } from './acknowledge.ts';
import { note } from './append.ts';
import type { MailboxCommands } from './contract.ts';
import type { StoredMessageHead } from './read-tail.ts';
import {
  messageHead,
  segmentsAfter,
  writeSegments,
  type RowAtRest,
  type Segment,
} from './segments.ts';
import { mailboxSegments, receiptRows, watermarks } from './tables.ts';

export function expire(
  work: Work,
  { after, before, devices }: MailboxCommands['expire']['command'],
): MailboxCommands['expire']['outcome'] {
  work.settleAll();
  const from = after === '' ? undefined : [after];
  const found = work.tx
    .range(watermarks, from, undefined, { limit: devices + 1 })
    .filter(record => record.device !== after)
    .slice(0, devices);
  let expired = 0;
  for (const { device } of found)
    if (work.peekMailbox(device).messages > 0) expired += dropMessages(work, device, before);
  const last = found.at(-1);
  return { next: found.length < devices || last === undefined ? null : last.device, expired };
}

/** Drops everything that waits for a removed device, and takes nothing more for it. */
export function closeMailbox(work: Work, device: DeviceId): void {
  work.settleAll();
  work.mailbox(device).gone = 1;
  dropMessages(work, device, Infinity);
  work.tx.deleteRange(mailboxSegments, [device], undefined, undefined);
  for (const { peer } of work.tx.range(receiptRows, [device], [device]))
    work.tx.delete(receiptRows, [device, peer]);
}

/**
 * Drops messages from the front of the mailbox while they were accepted `before` that time; other rows between them
 * stay. Each sender is told the interval between what was delivered and the last one dropped.
 */
function dropMessages(work: Work, device: DeviceId, before: number): number {
  const { acked } = work.peekMailbox(device);
  const lost = new Map<DeviceId, number>();
  let dropped = 0;
  for (const segment of segmentsAfter(work.tx, device, acked)) {
    const { due, left, isEnd } = partOf(segment, acked, before);
    if (due.length > 0) {
      const box = work.mailbox(device);
      for (const message of due) {
        lost.set(message.peer, Math.max(lost.get(message.peer) ?? 0, message.seq));
        countOut(work, box, message);
      }
      work.tx.delete(mailboxSegments, [device, segment.last]);
      writeSegments(work.tx, device, left);
      dropped += due.length;
    }
    if (isEnd) break;
  }
  if (dropped > 0) work.mailbox(device).recent?.forget();
  for (const [sender, upTo] of lost) {
    const after = work.peekPair(sender, device).delivered;
    note(work, sender, { kind: 'undelivered', peer: device, after, upTo });
  }
  return dropped;
}

/** The messages of a segment that are due, what is left without them, and whether one was met that is not due. */
function partOf(
  segment: Segment,
  acked: number,
  before: number,
): { due: readonly StoredMessageHead[]; left: readonly RowAtRest[]; isEnd: boolean } {
  const due: StoredMessageHead[] = [];
  const left: RowAtRest[] = [];
  let isEnd = false;
  for (const row of segment.rows) {
    if (row.n <= acked) continue;
    const head: StoredMessageHead | undefined =
      isEnd || row.tail.kind !== rowKinds.message ? undefined : messageHead(segment, row);
    isEnd ||= head !== undefined && head.at >= before;
    if (isEnd || head === undefined) left.push(row);
    else due.push(head);
  }
  return { due, left, isEnd };
}
