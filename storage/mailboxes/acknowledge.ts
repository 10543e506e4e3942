/** A device has stored rows: they go, and their senders are told. */
import { raiseDelivered } from '../../protocol/delivery/receipt.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import { tellReceipt } from '../receipts/tell.ts';
import type { Work } from '../shard/work.ts';
import { mailboxRows, rowKinds, type MailboxRecord } from './tables.ts';

/** An acknowledgement of rows that were never given is clamped: a device cannot delete what it has not seen. */
export function acknowledge(work: Work, device: DeviceId, upTo: number): { acked: number } {
  const known = work.peekWatermark(device);
  const target = Math.min(upTo, known.lastRow);
  if (target <= known.acked) return { acked: known.acked };
  const box = work.watermark(device);
  const rows = work.tx.range(mailboxRows, [device, box.acked + 1], [device, target]);
  const delivered = new Map<DeviceId, number>();
  for (const row of rows) {
    if (row.kind !== rowKinds.message || row.peer === null) continue;
    delivered.set(row.peer, Math.max(delivered.get(row.peer) ?? 0, row.seq));
    countOut(work, box, row);
  }
  work.tx.deleteRange(mailboxRows, [device], box.acked + 1, target);
  box.acked = target;
  for (const [sender, seq] of delivered) {
    const before = work.receipt(sender, device);
    const after = raiseDelivered(before, seq);
    if (after === before) continue;
    work.setReceipt(sender, device, after);
    tellReceipt(work, sender, device, after);
  }
  return { acked: target };
}

/** Takes a message row that goes out of the mailbox's sums and gives back its share of the body. */
export function countOut(
  work: Work,
  box: { messages: number; bytes: number },
  row: Pick<MailboxRecord, 'size' | 'bodyId'>,
): void {
  box.messages--;
  box.bytes -= row.size;
  if (row.bodyId !== null) work.releaseBody(row.bodyId);
}
