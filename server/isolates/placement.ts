/**
 * Which isolate has which shard: rendezvous hashing with a bound. Each shard ranks the isolates by a hash of the two;
 * it goes to the first in its ranking that still has room, so that no isolate has more than its share. A change of
 * the isolates moves only what must move: shards of those that are gone, and what is over the new bound.
 *
 * Source: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998); the bound is that of
 * Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads" (2016), with no slack.
 */

/** By shard: the isolate that has it. Undefined while the shard is on its way. */
export type Placement = readonly (number | undefined)[];

/**
 * @param before where the shards are now; empty at the first start
 * @param isolates those that may have shards, at least one
 */
export function place(
  shards: number,
  isolates: readonly number[],
  before: Placement = [],
): readonly number[] {
  if (isolates.length === 0) throw new RangeError('shards need at least one isolate');
  const bound = Math.ceil(shards / isolates.length);
  const counts = new Map(isolates.map(isolate => [isolate, 0]));
  const hasRoom = (isolate: number): boolean => (counts.get(isolate) ?? bound) < bound;
  const placed = Array.from({ length: shards }, (_, shard) => {
    const isolate = before[shard];
    if (isolate === undefined || !hasRoom(isolate)) return undefined;
    counts.set(isolate, (counts.get(isolate) ?? 0) + 1);
    return isolate;
  });
  return placed.map((kept, shard) => {
    if (kept !== undefined) return kept;
    const isolate = ranking(shard, isolates).find(hasRoom);
    if (isolate === undefined) throw new Error('the bound leaves room for every shard');
    counts.set(isolate, (counts.get(isolate) ?? 0) + 1);
    return isolate;
  });
}

const ranking = (shard: number, isolates: readonly number[]): readonly number[] =>
  isolates.toSorted((one, other) => weight(shard, other) - weight(shard, one));

/** FNV-1a over the two numbers, finished as MurmurHash3 does, so that close numbers land far apart. */
function weight(shard: number, isolate: number): number {
  let hash = 0x811c9dc5;
  for (const value of [shard & 0xff, shard >> 8, isolate & 0xff, isolate >> 8])
    hash = Math.imul(hash ^ value, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
