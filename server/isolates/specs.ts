import type { ChildSpec } from '../../supervisors/index.ts';

/** What belongs to one shard. */
export interface ShardSpecs {
  store(shard: number): ChildSpec;
  /** Those that carry its rows to other shards. */
  links(shard: number): ChildSpec[];
}

/** Supervisors whose children belong to single users and groups. */
export const partitioned = ['mailboxes', 'groups', 'sessions'] as const;
