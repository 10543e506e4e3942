/** A device has stored rows: they go, and their senders are told. */
import { rowKinds } from '../../protocol/codec/rows.ts';
import { raiseDelivered } from '../../protocol/delivery/receipt.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import { tellReceipt } from '../receipts/tell.ts';
import type { Work } from '../shard/work.ts';
import type { MailboxState, PairState } from './mailbox-state.ts';
import { noMessage, type RowSummary } from './row-tails.ts';
import { messageHead } from './segments.ts';
import { waitingAfter } from './unstored.ts';

/**
 * Each sender of a direct message is told. Of a group's members only the slowest one tells, by being the last of its
 * shard to let a message go: a thousand receipts per message would cost more than the message. The others' are kept
 * and read on demand.
 *
 * An acknowledgement of rows that were never given is clamped: a device cannot delete what it has not seen. Segments
 * of which a part is left stay as they are.
 */
export function acknowledge(work: Work, device: DeviceId, upTo: number): { acked: number } {
  const known = work.peekMailbox(device);
  const target = Math.min(upTo, known.lastRow);
  if (target <= known.acked) return { acked: known.acked };
  const box = work.mailbox(device);
  const rows = box.recent?.take(box.acked + 1, target) ?? readSummaries(work, box, target);
  let touched: PairState[] | undefined;
  let pair: PairState | undefined;
  for (const row of rows) {
    if (row.seq === 0 || row.peer === null) continue;
    if (pair?.sender !== row.peer) pair = work.pair(row.peer, box);
    if (pair.reached === 0) {
      if (touched === undefined) touched = [pair];
      else touched.push(pair);
    }
    pair.reached = Math.max(pair.reached, row.seq);
    const isLast = countOut(work, box, row);
    pair.tells ||= row.conversation === null || isLast;
  }
  box.acked = target;
  for (const each of touched ?? []) delivered(work, box, each);
  return { acked: target };
}

function delivered(work: Work, box: MailboxState, pair: PairState): void {
  const { reached, tells } = pair;
  pair.reached = 0;
  pair.tells = false;
  const after = raiseDelivered(pair, reached);
  if (after === pair) return;
  pair.delivered = after.delivered;
  work.changedPair(box, pair);
  if (tells) tellReceipt(work, pair);
}

/** The messages up to `target` that are not gone yet, and for other rows an empty place, from the segments. */
function readSummaries(work: Work, box: MailboxState, target: number): RowSummary[] {
  const summaries: RowSummary[] = [];
  for (const segment of waitingAfter(work.tx, box, box.acked)) {
    for (const row of segment.rows) {
      if (row.n <= box.acked || row.n > target || row.tail.kind === rowKinds.receipt) continue;
      const isMessage = row.tail.kind === rowKinds.message;
      summaries.push(isMessage ? messageHead(segment, row) : { ...noMessage, peer: null });
    }
    if (segment.last >= target) break;
  }
  return summaries;
}

/**
 * Takes a message that goes out of the mailbox's sums and gives back its share of the body.
 * @returns whether it was the message's last row in this shard
 */
export function countOut(
  work: Work,
  box: { messages: number; bytes: number },
  row: Pick<RowSummary, 'size' | 'bodyId'>,
): boolean {
  box.messages--;
  box.bytes -= row.size;
  return row.bodyId === null || work.releaseBody(row.bodyId);
}
