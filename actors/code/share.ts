/** Which keys are among a share of all: the same ones in every isolate, and after every restart. */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** True for about that share (0 to 1) of all keys. A key in a share is in every larger one. */
export function inShare(key: string, share: number): boolean {
  return mixed(key) < share * 2 ** 32;
}

/** FNV-1a, mixed once more: its own low bits decide already in which shard a user is. */
function mixed(key: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), FNV_PRIME);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
