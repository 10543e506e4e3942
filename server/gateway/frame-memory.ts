/**
 * Memory for frames that come in, cut from large slabs one after the other: an ArrayBuffer for each frame costs more
 * than copying it. No piece is given twice; a slab is free when all frames in it are gone, which is soon, since a
 * session either takes a frame apart or it crosses to its isolate in another buffer.
 */
const SLAB_BYTES = 256 * 1024;

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** A copy of what is gone after the callback that brought it. */
export function keepFrame(data: ArrayBuffer): Uint8Array {
  const { byteLength } = data;
  if (byteLength > SLAB_BYTES / 4) return new Uint8Array(data.slice(0));
  if (used + byteLength > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const frame = slab.subarray(used, used + byteLength);
  frame.set(new Uint8Array(data));
  used += byteLength;
  return frame;
}
