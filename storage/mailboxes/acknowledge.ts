/** A device has stored rows: they go, and their senders are told. */
import { raiseDelivered } from '../../protocol/delivery/receipt.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import { tellReceipt } from '../receipts/tell.ts';
import type { Work } from '../shard/work.ts';
import type { RecentRow } from './recent-rows.ts';
import { mailboxRows, rowKinds } from './tables.ts';

/**
 * Each sender of a direct message is told. Of a group's members only the slowest one tells, by being the last of its
 * shard to let a message go: a thousand receipts per message would cost more than the message. The others' are kept
 * and read on demand.
 *
 * An acknowledgement of rows that were never given is clamped: a device cannot delete what it has not seen.
 */
export function acknowledge(work: Work, device: DeviceId, upTo: number): { acked: number } {
  const known = work.peekWatermark(device);
  const target = Math.min(upTo, known.lastRow);
  if (target <= known.acked) return { acked: known.acked };
  const box = work.watermark(device);
  const first = box.acked + 1;
  const rows =
    work.takeRecent(device, first, target) ??
    work.tx.range(mailboxRows, [device, first], [device, target]);
  const delivered = new Map<DeviceId, number>();
  const told = new Set<DeviceId>();
  for (const row of rows) {
    if (row.kind !== rowKinds.message || row.peer === null) continue;
    delivered.set(row.peer, Math.max(delivered.get(row.peer) ?? 0, row.seq));
    const isLast = countOut(work, box, row);
    if (row.conversation === null || isLast) told.add(row.peer);
  }
  if (rows.length > 0) work.tx.deleteRange(mailboxRows, [device], first, target);
  box.acked = target;
  for (const [sender, seq] of delivered) {
    const before = work.receipt(sender, device);
    const after = raiseDelivered(before, seq);
    if (after === before) continue;
    work.setReceipt(sender, device, after);
    if (told.has(sender)) tellReceipt(work, sender, device, after);
  }
  return { acked: target };
}

/**
 * Takes a message row that goes out of the mailbox's sums and gives back its share of the body.
 * @returns whether it was the message's last row in this shard
 */
export function countOut(
  work: Work,
  box: { messages: number; bytes: number },
  row: Pick<RecentRow, 'size' | 'bodyId'>,
): boolean {
  box.messages--;
  box.bytes -= row.size;
  return row.bodyId === null || work.releaseBody(row.bodyId);
}
