import { defineTable } from '../mnesia/schema.ts';

/** What one batch left for another shard, or a part of it; see link-segments.ts. */
export interface LinkSegmentRecord {
  target: number;
  /** The number of the last row. */
  last: number;
  count: number;
  items: Uint8Array;
}

/** The ends of this shard’s links: what it has numbered and what is acknowledged, by the other shard. */
export interface LinkEndRecord {
  shard: number;
  /** The newest number given towards `shard`. */
  last: number;
  /** The highest number that `shard` has acknowledged. */
  acked: number;
  /** The highest number applied that came from `shard`. */
  applied: number;
}

export const linkSegments = defineTable<LinkSegmentRecord>({
  name: 'link_segments',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { target: 'integer', last: 'integer', count: 'integer', items: 'blob' },
  key: ['target', 'last'],
});

export const linkEnds = defineTable<LinkEndRecord>({
  name: 'link_ends',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { shard: 'integer', last: 'integer', acked: 'integer', applied: 'integer' },
  key: ['shard'],
});
