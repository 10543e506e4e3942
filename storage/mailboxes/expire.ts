/** Messages that will not be delivered: they waited too long, or their device was removed. */
import type { DeviceId } from '../../protocol/ids.ts';
import type { Work } from '../shard/work.ts';
import { countOut } from './acknowledge.ts';
import { note } from './append.ts';
import type { MailboxCommands } from './contract.ts';
import { mailboxRows, receiptRows, rowKinds, watermarks, type MailboxRecord } from './tables.ts';

/** Rows looked at in one go: a mailbox may hold 100,000. */
const ROWS_AT_ONCE = 1_000;

export function expire(
  work: Work,
  { after, before, devices }: MailboxCommands['expire']['command'],
): MailboxCommands['expire']['outcome'] {
  const from = after === '' ? undefined : [after];
  const found = work.tx
    .range(watermarks, from, undefined, { limit: devices + 1 })
    .filter(record => record.device !== after)
    .slice(0, devices);
  let expired = 0;
  for (const { device } of found)
    if (work.peekWatermark(device).messages > 0)
      expired += dropMessages(work, device, row => row.at < before);
  const last = found.at(-1);
  return { next: found.length < devices || last === undefined ? null : last.device, expired };
}

/** Drops everything that waits for a removed device, and takes nothing more for it. */
export function closeMailbox(work: Work, device: DeviceId): void {
  dropMessages(work, device, () => true);
  const box = work.watermark(device);
  work.tx.deleteRange(mailboxRows, [device], 0, box.lastRow);
  for (const { peer } of work.tx.range(receiptRows, [device], [device]))
    work.tx.delete(receiptRows, [device, peer]);
  box.gone = 1;
}

/**
 * Drops messages from the front of the mailbox while they are `due`; other rows between them stay. Each sender is
 * told the interval between what was delivered and the last one dropped.
 */
function dropMessages(work: Work, device: DeviceId, due: (row: MailboxRecord) => boolean): number {
  const box = work.watermark(device);
  work.forgetRecent(device);
  const lost = new Map<DeviceId, number>();
  let dropped = 0;
  for (let from = box.acked + 1; from <= box.lastRow;) {
    const rows = work.tx.range(mailboxRows, [device, from], [device, box.lastRow], {
      limit: ROWS_AT_ONCE,
    });
    const messages = rows.filter(row => row.kind === rowKinds.message);
    const end = messages.findIndex(row => !due(row));
    for (const row of end === -1 ? messages : messages.slice(0, end)) {
      if (row.peer === null) continue;
      lost.set(row.peer, Math.max(lost.get(row.peer) ?? 0, row.seq));
      countOut(work, box, row);
      work.tx.delete(mailboxRows, [device, row.n]);
      dropped++;
    }
    const last = rows.at(-1);
    if (end !== -1 || last === undefined) break;
    from = last.n + 1;
  }
  for (const [sender, upTo] of lost) {
    const after = work.receipt(sender, device).delivered;
    note(work, sender, { kind: 'undelivered', peer: device, after, upTo });
  }
  return dropped;
}
