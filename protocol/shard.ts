import type { GroupId, UserId } from './ids.ts';

/**
 * The shard of a user or a group: FNV-1a (32 bits, over UTF-16 code units, all ASCII here) modulo the number
 * of shards, which is fixed when a data directory is made. Source: draft-eastlake-fnv, section 5.
 */
export function shardOf(id: UserId | GroupId, shards: number): number {
  if (shards === 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % shards;
}
