/** Reading a mailbox back, for a device that was away or a mailbox process that starts. */
import { rowKinds } from '../../protocol/codec/rows.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { ReceiptRow } from '../../protocol/rows.ts';
import type { Work } from '../shard/work.ts';
import type { MailboxCommands } from './contract.ts';
import type { MailboxState } from './mailbox-state.ts';
import { noMessage, notedTail, withBody, type MailboxRow } from './row-tails.ts';
import { damaged, messageHead, type RowAtRest, type Segment } from './segments.ts';
import { readReceipt, unstored, waitingAfter } from './unstored.ts';
import { bodies, receiptRows } from './tables.ts';

/** A row that is made only when it is among those that are given. */
interface Waiting {
  readonly n: number;
  readonly size: number;
  readonly make: () => MailboxRow;
}

export function readRows(
  work: Work,
  { device, after, rows, bytes }: MailboxCommands['read_rows']['command'],
): MailboxCommands['read_rows']['outcome'] {
  const box = work.glanceAtMailbox(device);
  const { lastRow, acked } = box;
  const from = Math.max(after, acked);
  if (from >= lastRow) return { rows: [], complete: true };
  const waiting = [
    ...storedAfter(work, box, { after: from, rows, bytes }),
    ...receiptsAfter(work, box, from),
  ].sort((a, b) => a.n - b.n);
  const found: MailboxRow[] = [];
  let sum = 0;
  for (const { size, make } of waiting) {
    sum += size;
    const cut = found.length === rows || (sum > bytes && found.length > 0);
    if (cut) return { rows: found, complete: false };
    found.push(make());
  }
  return { rows: found, complete: true };
}

/** Rows until one of them cannot be given any more, that one included: it says that there is more. */
function storedAfter(
  work: Work,
  box: Readonly<MailboxState>,
  { after, rows, bytes }: { after: number; rows: number; bytes: number },
): Waiting[] {
  const found: Waiting[] = [];
  let sum = 0;
  for (const segment of waitingAfter(work.tx, box, after)) {
    for (const row of segment.rows) {
      if (row.n <= after || row.tail.kind === rowKinds.receipt) continue;
      const stored = fromRest(work, segment, row);
      sum += stored.size;
      found.push(stored);
      if (found.length > rows || (sum > bytes && found.length > 1)) return found;
    }
  }
  return found;
}

function fromRest(work: Work, segment: Segment, row: RowAtRest): Waiting {
  const { n, tail } = row;
  if (tail.kind !== rowKinds.message) {
    const summary = { ...noMessage, peer: null };
    return { n, size: 0, make: () => ({ n, tail: { ...tail, summary } }) };
  }
  const { bodyAt, at: _, ...summary } = messageHead(segment, row);
  const make = (): MailboxRow => {
    if (summary.bodyId === null) return { n, tail: { ...tail, summary } };
    const body = work.tx.read(bodies, summary.bodyId)?.body;
    if (body?.length !== summary.size)
      throw damaged(segment, `the body of row ${n}, number ${summary.bodyId}, is not there`);
    return { n, tail: { ...tail, bytes: withBody(tail.bytes, bodyAt, body), summary } };
  };
  return { n, size: summary.size, make };
}

/** The newest receipt of each peer. */
function receiptsAfter(work: Work, box: Readonly<MailboxState>, after: number): Waiting[] {
  const newest = new Map<DeviceId, Omit<ReceiptRow, 'kind'>>();
  for (const record of work.tx.select(receiptRows, { device: box.device, n: { gt: after } }))
    newest.set(record.peer, { ...record, read: record.read ?? [] });
  for (const row of unstored(box)) {
    if (row.tail.kind !== rowKinds.receipt) continue;
    const receipt = readReceipt(row);
    newest.set(receipt.peer, receipt);
  }
  return [...newest.values()]
    .filter(({ n }) => n > after)
    .map(({ n, peer, delivered, read }) => ({
      n,
      size: 0,
      make: () => ({ n, tail: notedTail({ kind: 'receipt', peer, delivered, read }) }),
    }));
}
