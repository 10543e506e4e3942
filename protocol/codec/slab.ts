/**
 * Small pieces of memory, cut one after the other from larger ones, as Node's `Buffer.allocUnsafe` does: making an
 * ArrayBuffer costs more than writing the few hundred bytes of a message into it. No piece is ever given twice. One
 * that is kept keeps its slab, so a small one holds at most {@link slabBytes} more than it needs.
 */
export const slabBytes = 8 * 1024;

let slab = new ArrayBuffer(slabBytes);
let used = 0;

/** Zeroed memory that belongs to the caller. Its `buffer` is shared: never transfer it. */
export function takeBytes(length: number): Uint8Array {
  if (length > slabBytes / 2) return new Uint8Array(length);
  if (used + length > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  used += length;
  return bytes;
}
