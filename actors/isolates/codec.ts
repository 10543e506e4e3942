/** How batches become bytes. */
import { deserialize, serialize } from 'node:v8';
import { requireMethods } from '../bad-argument.ts';

/**
 * Batches are arrays of plain data: what `structuredClone` keeps, less errors, which the runtime
 * describes in plain objects itself.
 */
export interface IsolateCodec {
  /**
   * The bytes of a batch. A view of a part of its buffer is copied; a buffer that is covered whole
   * is given away: the codec must not touch it again. Throws for what it cannot encode.
   */
  encode(batch: unknown): Uint8Array;
  /** The batch again. It may keep views of the bytes: nobody else has them. */
  decode(bytes: Uint8Array): unknown;
}

/** Byte arrays come out as views of the batch: who keeps a small one for long copies it first. */
const v8Codec: IsolateCodec = { encode: serialize, decode: deserialize };

let codec = v8Codec;

/** Puts another codec in place, in every isolate before the first is connected. Returns the old. */
export function setIsolateCodec(replacement: IsolateCodec): IsolateCodec {
  requireMethods('setIsolateCodec()', replacement, ['encode', 'decode']);
  const old = codec;
  codec = replacement;
  return old;
}

export function encodeBatch(batch: unknown): Uint8Array {
  return codec.encode(batch);
}

export function decodeBatch(bytes: Uint8Array): unknown {
  return codec.decode(bytes);
}
