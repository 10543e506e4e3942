import { integer, pack } from './msgpack.ts';

/** What needs more than this part of the memory that is shared gets memory of its own. */
const LARGE = 4;

/**
 * Writes MessagePack into memory that is used again and again: what is made every microsecond must not make arrays
 * of fields first. Each method writes exactly the bytes that {@link pack} would; what is unusual (text beyond ASCII,
 * numbers that no field of the protocol takes) it leaves to `pack`.
 *
 * What was written can be given away where it stands, see {@link give}: then the writer goes on behind it, so that
 * many small things share one ArrayBuffer, and none of them is copied.
 */
export class MsgpackWriter {
  /** What has been written is from {@link start} to {@link position}; another array after it had no room. */
  bytes: Uint8Array;
  position = 0;
  /** What is before it was given away: it is never written to again. */
  start = 0;
  readonly #initialBytes: number;
  readonly #keepBytes: number;

  /** @param keepBytes more than this is given back by {@link reset}: one large thing must not hold memory for ever */
  constructor(initialBytes: number, keepBytes: number) {
    this.#initialBytes = initialBytes;
    this.#keepBytes = keepBytes;
    this.bytes = new Uint8Array(initialBytes);
  }

  /** Begins anew. */
  reset(): void {
    this.position = this.start;
    if (this.bytes.length > this.#keepBytes) this.#begin(new Uint8Array(this.#initialBytes));
  }

  /**
   * What was written since {@link reset}, but for the first `skipped` bytes: it belongs to the caller. Small things are
   * views of memory that they share, and each keeps all of it; what is large has memory of its own.
   */
  give(skipped = 0): Uint8Array {
    const { bytes, position } = this;
    const from = this.start + skipped;
    const isSmall = position - from <= this.#initialBytes / LARGE;
    if (isSmall && bytes.length === this.#initialBytes) {
      this.start = position;
      return new Uint8Array(bytes.buffer, from, position - from);
    }
    // Small things are not to share the memory of a large one: they would keep that.
    if (isSmall) this.#begin(new Uint8Array(this.#initialBytes));
    return bytes.slice(from, position);
  }

  /** What was written since {@link reset}, as it stands in the writer's own memory: true until it is written in again. */
  get written(): Uint8Array {
    return this.bytes.subarray(this.start, this.position);
  }

  /** Leaves room, to be written to later. */
  skip(bytes: number): void {
    this.#reserve(bytes);
    this.position += bytes;
  }

  nil(): void {
    this.#reserve(1);
    this.bytes[this.position++] = 0xc0;
  }

  boolean(value: boolean): void {
    this.#reserve(1);
    this.bytes[this.position++] = value ? 0xc3 : 0xc2;
  }

  integer(value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && value % 1 === 0) {
      this.#reserve(9);
      this.position = writeInteger(this.bytes, this.position, value);
    } else this.raw(pack(integer(value)));
  }

  arrayHeader(elements: number): void {
    this.#reserve(5);
    this.position = writeArrayHeader(this.bytes, this.position, elements);
  }

  text(value: string): void {
    const { length } = value;
    if (length > 0xff) return this.raw(pack(value));
    this.#reserve(length + 2);
    const { bytes } = this;
    let at = this.position;
    if (length < 0x20) bytes[at++] = 0xa0 | length;
    else {
      bytes[at++] = 0xd9;
      bytes[at++] = length;
    }
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80) return this.raw(pack(value));
      bytes[at++] = unit;
    }
    this.position = at;
  }

  binary(value: Uint8Array): void {
    const { length } = value;
    this.#reserve(length + 5);
    const { bytes } = this;
    if (length < 0x100) {
      bytes[this.position++] = 0xc4;
    } else if (length < 0x1_0000) {
      bytes[this.position++] = 0xc5;
      bytes[this.position++] = length >>> 8;
    } else {
      bytes[this.position++] = 0xc6;
      bytes[this.position++] = length >>> 24;
      bytes[this.position++] = length >>> 16;
      bytes[this.position++] = length >>> 8;
    }
    bytes[this.position++] = length;
    bytes.set(value, this.position);
    this.position += length;
  }

  /** Bytes that are encoded already. */
  raw(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    this.bytes.set(encoded, this.position);
    this.position += encoded.length;
  }

  #reserve(more: number): void {
    const { start, position } = this;
    const { length } = this.bytes;
    if (position + more <= length) return;
    const written = this.bytes.subarray(start, position);
    const needed = written.length + more;
    // Where something was given away it may only be used up.
    const next = new Uint8Array(needed <= length ? length : Math.max(needed, 2 * length));
    next.set(written);
    this.#begin(next);
    this.position = written.length;
  }

  #begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.start = this.position = 0;
  }
}

/** @param value a safe integer from 0 @returns the position behind it */
export function writeInteger(into: Uint8Array, position: number, value: number): number {
  let at = position;
  if (value < 0x80) {
    into[at++] = value;
    return at;
  }
  if (value < 0x100) {
    into[at++] = 0xcc;
  } else if (value < 0x1_0000) {
    into[at++] = 0xcd;
    into[at++] = value >>> 8;
  } else {
    if (value <= 0xffff_ffff) {
      into[at++] = 0xce;
    } else {
      const high = Math.floor(value / 0x1_0000_0000);
      into[at++] = 0xd3;
      into[at++] = high >>> 24;
      into[at++] = high >>> 16;
      into[at++] = high >>> 8;
      into[at++] = high;
    }
    // The operators take the lower 32 bits of what is larger.
    into[at++] = value >>> 24;
    into[at++] = value >>> 16;
    into[at++] = value >>> 8;
  }
  into[at++] = value;
  return at;
}

/** How many bytes {@link writeInteger} writes. */
export const integerBytes = (value: number): number =>
  value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x1_0000 ? 3 : value <= 0xffff_ffff ? 5 : 9;

/** @returns the position behind it */
export function writeArrayHeader(into: Uint8Array, position: number, elements: number): number {
  let at = position;
  if (elements < 0x10) {
    into[at++] = 0x90 | elements;
    return at;
  }
  if (elements < 0x1_0000) {
    into[at++] = 0xdc;
  } else {
    into[at++] = 0xdd;
    into[at++] = elements >>> 24;
    into[at++] = elements >>> 16;
  }
  into[at++] = elements >>> 8;
  into[at++] = elements;
  return at;
}

/** How many bytes {@link writeArrayHeader} writes. */
export const arrayHeaderBytes = (elements: number): number =>
  elements < 0x10 ? 1 : elements < 0x1_0000 ? 3 : 5;
