import { defineTable } from '../mnesia/schema.ts';
import type { LinkItem } from './contract.ts';

/** One row on its way to another shard. */
export interface LinkRecord {
  target: number;
  m: number;
  item: LinkItem;
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

export const linkRows = defineTable<LinkRecord>({
  name: 'link_rows',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { target: 'integer', m: 'integer', item: 'term' },
  key: ['target', 'm'],
});

export const linkEnds = defineTable<LinkEndRecord>({
  name: 'link_ends',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { shard: 'integer', last: 'integer', acked: 'integer', applied: 'integer' },
  key: ['shard'],
});
