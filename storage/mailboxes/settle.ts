/** Writing a mailbox to its tables: what the journal alone had of it, and what the running batch adds. */
import type { EncodedRow } from '../../protocol/codec/encoded-rows.ts';
import { rowKinds } from '../../protocol/codec/rows.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { ReceiptRow } from '../../protocol/rows.ts';
import type { Transaction } from '../mnesia/operations.ts';
import { receipts } from '../receipts/tables.ts';
import type { MailboxState } from './mailbox-state.ts';
import { writeSegments } from './segments.ts';
import { readReceipt, unstored } from './unstored.ts';
import { mailboxSegments, receiptRows, watermarks } from './tables.ts';

export function settle(tx: Transaction, box: MailboxState): void {
  // What is acknowledged goes first: on a full disk its room is needed for the rest.
  if (box.lastStored > box.trimmed && box.acked > box.trimmed)
    tx.deleteRange(mailboxSegments, [box.device], undefined, box.acked);
  box.trimmed = box.acked;
  storeRows(tx, box);
  tx.write(watermarks, box);
  for (const pair of box.changedPairs ?? []) tx.write(receipts, pair.toRecord());
  for (const pair of box.waitingPairs ?? []) {
    if (!pair.changed) tx.write(receipts, pair.toRecord());
    pair.waits = false;
  }
  box.waitingPairs = undefined;
}

/** The rows, those of the running batch too. What is acknowledged already is not stored any more. */
function storeRows(tx: Transaction, box: MailboxState): void {
  const rows: EncodedRow[] = [];
  const told = new Map<DeviceId, Omit<ReceiptRow, 'kind'>>();
  for (const row of unstored(box)) {
    if (row.tail.kind !== rowKinds.receipt) rows.push(row);
    else {
      const receipt = readReceipt(row);
      told.set(receipt.peer, receipt);
    }
  }
  for (const { n, peer, delivered, read } of told.values())
    tx.write(receiptRows, {
      device: box.device,
      peer,
      n,
      delivered,
      read: read.length === 0 ? null : [...read],
    });
  writeSegments(tx, box.device, rows);
  box.lastStored = rows.at(-1)?.n ?? box.lastStored;
  box.waiting = undefined;
  box.stored = box.appended?.length ?? 0;
}
