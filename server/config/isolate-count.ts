/** How many isolates and how many shards a server has when nothing is said. */
import { availableParallelism } from 'node:os';

export const MOST_ISOLATES = 64;

/** One isolate per core less one, which is the gateway's; at least one. */
export const defaultIsolates = (cores: number = availableParallelism()): number =>
  Math.min(MOST_ISOLATES, Math.max(1, cores - 1));

/** Each isolate owns one shard at least; without isolates the one thread owns one. */
export const defaultShards = (isolates: number): number => Math.max(1, isolates);
