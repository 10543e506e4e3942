/** Putting rows into mailboxes. */
import { userOf, type Conversation, type DeviceId } from '../../protocol/ids.ts';
import { shardOf } from '../../protocol/shard.ts';
import type { NotedRow } from '../links/contract.ts';
import type { Work } from '../shard/work.ts';

import { blankRow } from './recent-rows.ts';
import { mailboxRows, receiptRows, rowKinds, type MailboxRecord } from './tables.ts';

export interface StoredMessage {
  readonly from: DeviceId;
  readonly seq: number;
  readonly conversation: Conversation;
  readonly acceptedAt: number;
  readonly body: Uint8Array;
}

/** Whether the device's mailbox has no room for a message of this size. */
export function isFull(work: Work, device: DeviceId, size: number): boolean {
  const box = work.peekWatermark(device);
  return box.messages >= work.limits.mailboxMessages || box.bytes + size > work.limits.mailboxBytes;
}

/**
 * Stores a message for devices of this shard, its body once. Where it cannot be stored (the device was removed, its
 * mailbox is full) the sender is told `undelivered`, in order with everything else it is told.
 */
export function appendMessage(
  work: Work,
  message: StoredMessage,
  targets: readonly DeviceId[],
): void {
  const { from, seq, conversation, acceptedAt, body } = message;
  const open = targets.filter(device => {
    if (work.peekWatermark(device).gone === 0 && !isFull(work, device, body.length)) return true;
    note(work, from, { kind: 'undelivered', peer: device, after: seq - 1, upTo: seq });
    return false;
  });
  const bodyId = open.length > 1 ? work.addBody(body, open.length) : null;
  for (const device of open) {
    const box = work.watermark(device);
    const n = ++box.lastRow;
    box.messages++;
    box.bytes += body.length;
    const receipt = work.receipt(from, device);
    if (seq > receipt.stored) work.setReceipt(from, device, { ...receipt, stored: seq });
    work.tx.write(mailboxRows, {
      device,
      n,
      kind: rowKinds.message,
      peer: from,
      seq,
      conversation,
      at: acceptedAt,
      size: body.length,
      body: bodyId === null ? body : null,
      bodyId,
      extra: null,
    });
    work.remember(device, {
      n,
      kind: rowKinds.message,
      peer: from,
      seq,
      conversation,
      size: body.length,
      bodyId,
    });
    work.tellAppended(device, { kind: 'message', n, from, seq, conversation, acceptedAt, body });
  }
}

/** Puts a row that is no message into a device's mailbox, in whichever shard that is. */
export function note(work: Work, device: DeviceId, row: NotedRow): void {
  const target = shardOf(userOf(device), work.shards);
  if (target === work.shard) appendNoted(work, device, row);
  else work.link(target, { kind: 'row', device, row });
}

/** Appends a row that is no message to a device of this shard. A receipt replaces the older one of the same peer. */
export function appendNoted(work: Work, device: DeviceId, row: NotedRow): void {
  if (work.peekWatermark(device).gone !== 0) return;
  const box = work.watermark(device);
  const n = ++box.lastRow;
  if (row.kind === 'receipt') {
    const { peer, delivered, read } = row;
    work.tx.write(receiptRows, {
      device,
      peer,
      n,
      delivered,
      read: read.length === 0 ? null : [...read],
    });
  } else {
    const record = notedRecord(device, n, row);
    work.tx.write(mailboxRows, record);
    remember(work, device, record);
  }
  work.tellAppended(device, { ...row, n });
}

const remember = (
  work: Work,
  device: DeviceId,
  { n, kind, peer }: Pick<MailboxRecord, 'n' | 'kind' | 'peer'>,
): void => {
  work.remember(device, { ...blankRow, n, kind, peer });
};

function notedRecord(
  device: DeviceId,
  n: number,
  row: Exclude<NotedRow, { kind: 'receipt' }>,
): MailboxRecord {
  const blank = { device, n, seq: 0, conversation: null, at: 0, size: 0, body: null, bodyId: null };
  switch (row.kind) {
    case 'undelivered':
      return {
        ...blank,
        kind: rowKinds.undelivered,
        peer: row.peer,
        extra: { after: row.after, upTo: row.upTo },
      };
    case 'group':
      return {
        ...blank,
        kind: rowKinds.group,
        peer: null,
        at: row.at,
        conversation: row.group,
        extra: { version: row.version, event: row.event, by: row.by, users: row.users },
      };
    default:
      return row satisfies never;
  }
}
