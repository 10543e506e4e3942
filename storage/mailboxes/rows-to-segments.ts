/** Version 2: the rows of a mailbox, which had a record each, are put together into segments. */
import { encodeTail, type RowTail } from '../../protocol/codec/encoded-rows.ts';
import type { Conversation, DeviceId, GroupId } from '../../protocol/ids.ts';
import type { GroupRow, UndeliveredRow } from '../../protocol/rows.ts';
import type { Continuation, Page } from '../mnesia/operations.ts';
import { defineTable } from '../mnesia/schema.ts';
import type { SchemaTransaction } from '../mnesia/schema-operations.ts';
import { notedTail, withReference } from './row-tails.ts';
import { writeSegments, type RowAtRest } from './segments.ts';
import { mailboxSegments } from './tables.ts';

/** A row of version 1. */
export interface MailboxRecordV1 {
  device: DeviceId;
  n: number;
  kind: number;
  peer: DeviceId | null;
  seq: number;
  conversation: Conversation;
  at: number;
  size: number;
  /** The body when this is its only row in the shard, else null and `bodyId` names it. */
  body: Uint8Array | null;
  bodyId: number | null;
  /** What rows other than messages hold besides. */
  extra: unknown;
}

/** Version 1 numbered the kinds by itself. */
export const rowKindsV1 = { message: 1, undelivered: 2, group: 3 } as const;

export const mailboxRowsV1 = defineTable<MailboxRecordV1>({
  name: 'mailbox_rows',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: {
    device: 'text',
    n: 'integer',
    kind: 'integer',
    peer: { type: 'text', null: true },
    seq: 'integer',
    conversation: { type: 'text', null: true },
    at: 'integer',
    size: 'integer',
    body: { type: 'blob', null: true },
    bodyId: { type: 'integer', null: true },
    extra: { type: 'term', null: true },
  },
  key: ['device', 'n'],
});

const PAGE = 256;

export function rowsToSegments(tx: SchemaTransaction): void {
  tx.createTable(mailboxSegments);
  let continuation: Continuation | undefined;
  do {
    const page: Page<MailboxRecordV1> = tx.selectPage(
      mailboxRowsV1,
      {},
      { limit: PAGE, continuation },
    );
    for (const [device, rows] of byDevice(page.records)) writeSegments(tx, device, rows);
    continuation = page.continuation;
  } while (continuation !== undefined);
  tx.deleteTable(mailboxRowsV1);
}

function byDevice(records: readonly MailboxRecordV1[]): Map<DeviceId, RowAtRest[]> {
  const map = new Map<DeviceId, RowAtRest[]>();
  for (const record of records) {
    const row = { n: record.n, tail: toTail(record) };
    const rows = map.get(record.device);
    if (rows === undefined) map.set(record.device, [row]);
    else rows.push(row);
  }
  return map;
}

function toTail(record: MailboxRecordV1): RowTail {
  const { n, device, peer, at } = record;
  if (record.kind === rowKindsV1.group) {
    const extra = record.extra as Pick<GroupRow, 'version' | 'event' | 'by' | 'users'>;
    return notedTail({ kind: 'group', group: record.conversation as GroupId, at, ...extra });
  }
  if (peer === null) throw new TypeError(`row ${n} of ${device} names no peer`);
  switch (record.kind) {
    case rowKindsV1.message:
      return messageTail(record, peer);
    case rowKindsV1.undelivered: {
      const extra = record.extra as Pick<UndeliveredRow, 'after' | 'upTo'>;
      return notedTail({ kind: 'undelivered', peer, ...extra });
    }
    default:
      throw new RangeError(`row ${n} of ${device} is of unknown kind ${record.kind}`);
  }
}

function messageTail(record: MailboxRecordV1, from: DeviceId): RowTail {
  const { n, device, seq, conversation, at: acceptedAt, size, body, bodyId } = record;
  const message = { kind: 'message', from, seq, conversation, acceptedAt } as const;
  if (bodyId !== null) {
    const tail = encodeTail({ ...message, body: new Uint8Array(0) });
    // The empty body is two bytes at the end.
    const bytes = withReference(tail.bytes, tail.bytes.length - 2, { bodyId, size });
    return { ...tail, bytes };
  }
  if (body === null) throw new TypeError(`row ${n} of ${device} has lost its body`);
  return encodeTail({ ...message, body });
}
