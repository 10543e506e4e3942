/** Version 3: the rows on their way to other shards, which had a record each, are put together into segments. */
import type { Conversation, DeviceId } from '../../protocol/ids.ts';
import { messageTail, notedTail } from '../mailboxes/row-tails.ts';
import type { Continuation, Page } from '../mnesia/operations.ts';
import { defineTable } from '../mnesia/schema.ts';
import type { SchemaTransaction } from '../mnesia/schema-operations.ts';
import type { NotedRow } from './contract.ts';
import type { LinkItem } from '../../protocol/delivery/link-items.ts';
import { storeItems } from './link-segments.ts';
import { linkSegments } from './tables.ts';

/** What a row of version 2 says. */
export type LinkItemV2 =
  | {
      readonly kind: 'message';
      readonly from: DeviceId;
      readonly seq: number;
      readonly conversation: Conversation;
      readonly acceptedAt: number;
      readonly targets: readonly DeviceId[];
      readonly body: Uint8Array;
    }
  | { readonly kind: 'row'; readonly device: DeviceId; readonly row: NotedRow };

export interface LinkRecordV2 {
  target: number;
  m: number;
  item: LinkItemV2;
}

export const linkRowsV2 = defineTable<LinkRecordV2>({
  name: 'link_rows',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { target: 'integer', m: 'integer', item: 'term' },
  key: ['target', 'm'],
});

const PAGE = 256;

export function linkRowsToSegments(tx: SchemaTransaction): void {
  tx.createTable(linkSegments);
  let continuation: Continuation | undefined;
  do {
    const page: Page<LinkRecordV2> = tx.selectPage(linkRowsV2, {}, { limit: PAGE, continuation });
    for (const [first, ...rest] of byTarget(page.records))
      storeItems(tx, first.target, first.m - 1, [first, ...rest].map(toItem));
    continuation = page.continuation;
  } while (continuation !== undefined);
  tx.deleteTable(linkRowsV2);
}

/** Rows of one target whose numbers follow each other. */
function byTarget(records: readonly LinkRecordV2[]): [LinkRecordV2, ...LinkRecordV2[]][] {
  const runs: [LinkRecordV2, ...LinkRecordV2[]][] = [];
  for (const record of records) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (before?.target === record.target && before.m + 1 === record.m) run?.push(record);
    else runs.push([record]);
  }
  return runs;
}

function toItem({ item }: LinkRecordV2): LinkItem {
  if (item.kind === 'row') return { devices: [item.device], tail: notedTail(item.row) };
  return { devices: item.targets, tail: messageTail(item) };
}
