/** Reading a mailbox back, for a device that was away or a mailbox process that starts. */
import type { DeviceId, GroupId } from '../../protocol/ids.ts';
import type { GroupRow, Row, UndeliveredRow } from '../../protocol/rows.ts';
import type { Work } from '../shard/work.ts';
import type { MailboxCommands } from './contract.ts';
import { bodies, mailboxRows, receiptRows, rowKinds, type MailboxRecord } from './tables.ts';

export function readRows(
  work: Work,
  { device, after, rows, bytes }: MailboxCommands['read_rows']['command'],
): MailboxCommands['read_rows']['outcome'] {
  const { lastRow } = work.peekWatermark(device);
  if (after >= lastRow) return { rows: [], complete: true };
  const records = work.tx.range(mailboxRows, [device, after + 1], [device, lastRow], {
    limit: rows,
  });
  const waiting = [
    ...records.map(record => ({ n: record.n, size: record.size, make: () => toRow(work, record) })),
    ...receiptsAfter(work, device, after),
  ].sort((a, b) => a.n - b.n);
  const last = records.length < rows ? Infinity : (records.at(-1)?.n ?? Infinity);
  const found: Row[] = [];
  let sum = 0;
  for (const { n, size, make } of waiting) {
    sum += size;
    const cut = n > last || found.length === rows || (sum > bytes && found.length > 0);
    if (cut) return { rows: found, complete: false };
    found.push(make());
  }
  return { rows: found, complete: last === Infinity };
}

const receiptsAfter = (work: Work, device: DeviceId, after: number) => {
  const { acked } = work.peekWatermark(device);
  return work.tx
    .range(receiptRows, [device], [device])
    .filter(({ n }) => n > Math.max(after, acked))
    .map(({ n, peer, delivered, read }) => ({
      n,
      size: 0,
      make: (): Row => ({ kind: 'receipt', n, peer, delivered, read: read ?? [] }),
    }));
};

function toRow(work: Work, record: MailboxRecord): Row {
  const { n, peer } = record;
  if (record.kind === rowKinds.group) {
    const extra = record.extra as Pick<GroupRow, 'version' | 'event' | 'by' | 'users'>;
    const group = record.conversation as GroupId;
    return { kind: 'group', n, group, at: record.at, ...extra };
  }
  if (peer === null) throw new TypeError(`row ${n} of ${record.device} names no peer`);
  switch (record.kind) {
    case rowKinds.message: {
      const { seq, conversation, at } = record;
      const body = bodyOf(work, record);
      return { kind: 'message', n, from: peer, seq, conversation, acceptedAt: at, body };
    }
    case rowKinds.undelivered:
      return {
        kind: 'undelivered',
        n,
        peer,
        ...(record.extra as Pick<UndeliveredRow, 'after' | 'upTo'>),
      };
    default:
      throw new RangeError(`row ${n} of ${record.device} is of unknown kind ${record.kind}`);
  }
}

function bodyOf(work: Work, record: MailboxRecord): Uint8Array {
  const body =
    record.bodyId === null ? record.body : (work.tx.read(bodies, record.bodyId)?.body ?? null);
  if (body === null) throw new TypeError(`row ${record.n} of ${record.device} has lost its body`);
  return body;
}
