/** The segments that wait for other shards, in their table. */
import { DamagedRow } from '../../protocol/codec/encoded-rows.ts';
import type { ReadOperations, Transaction } from '../mnesia/operations.ts';
import { StorageError } from '../mnesia/storage-error.ts';
import {
  type LinkItem,
  type LinkSegment,
  encodeSegments,
  readItems,
} from '../../protocol/delivery/link-items.ts';
import { linkSegments, type LinkSegmentRecord } from './tables.ts';

/** The number of a segment's last row. */
export const lastOf = ({ after, count }: LinkSegment): number => after + count;

/** What a segment takes in memory, in bytes. */
export const weightOf = ({ items }: LinkSegment): number => items.length + 512;

/**
 * Stores items under the numbers after `after`, mostly as one segment.
 * @returns what was stored
 */
export function storeItems(
  tx: Transaction,
  target: number,
  after: number,
  items: readonly LinkItem[],
): LinkSegment[] {
  const segments = encodeSegments(after, items);
  for (const segment of segments)
    tx.insert(linkSegments, {
      target,
      last: lastOf(segment),
      count: segment.count,
      items: segment.items,
    });
  return segments;
}

/** How many are read at once: few at first, for one of them may be all that there is room for. */
const FIRST_PAGE = 2;
const LARGEST_PAGE = 32;

/**
 * The segments that end after row `after`, in their order.
 * @throws StorageError `corrupt` for one that is not what was stored
 */
export function* linkSegmentsAfter(
  tx: ReadOperations,
  target: number,
  after: number,
): Generator<LinkSegment, undefined> {
  let from = after + 1;
  for (let limit = FIRST_PAGE; ; limit = Math.min(limit * 2, LARGEST_PAGE)) {
    const page = tx.range(linkSegments, [target, from], [target], { limit });
    for (const record of page) {
      yield readSegment(record);
      from = record.last + 1;
    }
    if (page.length < limit) return;
  }
}

/** The other shard is not told of what is damaged here. */
function readSegment({ target, last, count, items }: LinkSegmentRecord): LinkSegment {
  const segment = { after: last - count, count, items };
  try {
    readItems(segment);
  } catch (error) {
    if (!(error instanceof DamagedRow)) throw error;
    throw new StorageError(
      'corrupt',
      `What waits for shard ${target} is damaged in the segment of row ${last}: ${error.message}. Restore a backup.`,
      { cause: error },
    );
  }
  return segment;
}
