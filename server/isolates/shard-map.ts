/**
 * This isolate's copy of the shard map, which every process of it may read, and the addresses that follow from it.
 * The switchboard owns the map and tells every isolate of each change.
 */
import { at, thisIsolate, type RemoteName } from '../../actors/index.ts';
import { storeName, type StoreCall } from '../stores/protocol.ts';
import type { Placement } from './placement.ts';

/** An address that nobody has: what is sent there vanishes, and a monitor says so at once. */
export const NOWHERE = 1023;

/** Undefined until somebody tells: a server without further isolates has everything here. */
let placement: Placement | undefined;
const held = new Set<number>();

export function setPlacement(next: Placement): void {
  placement = next;
}

/** The isolate that has the shard; undefined while it is on its way. */
export const isolateOfShard = (shard: number): number | undefined =>
  placement === undefined ? thisIsolate() : placement[shard];

/** Addresses that were asked for: everybody who has one has the same, and holds no copy. */
const stores: RemoteName<StoreCall>[] = [];

/** The shard's store process, wherever it is now. */
export function storeAt(shard: number): RemoteName<StoreCall> {
  const isolate = isolateOfShard(shard) ?? NOWHERE;
  const known = stores[shard];
  if (known?.isolate === isolate) return known;
  return (stores[shard] = at(storeName(shard), isolate));
}

/** Whether the shard's store runs in this isolate. */
export const isHere = (shard: number): boolean => isolateOfShard(shard) === thisIsolate();

/** The shards that this isolate was given: what its supervisors start again. */
export const heldShards = (): readonly number[] => [...held];

export const holdShard = (shard: number): void => {
  held.add(shard);
};

export const letShardGo = (shard: number): void => {
  held.delete(shard);
};
