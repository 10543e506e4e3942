import type { Packr } from 'msgpackr';
import * as msgpackr from 'msgpackr/pack';

/**
 * MessagePack as the wire uses it: nil, booleans, integers, text, binary, arrays, and maps with text keys. Extension
 * types are not part of it, for msgpackr turns them into RegExp, Error, Date and record objects made from a
 * stranger's bytes. So every frame from a socket is walked by a {@link Scanner} first, which touches nothing but
 * the bytes, and msgpackr reads only what has passed.
 *
 * Source: the MessagePack specification, github.com/msgpack/msgpack/blob/master/spec.md.
 */

// `msgpackr/pack` is the pure JavaScript build: no native code reads what strangers sent. (Its own declarations
// point to a file that does not resolve, so its one class gets its type from the main entry.)
const { Packr: PurePackr } = msgpackr as unknown as { Packr: typeof Packr };
const packr = new PurePackr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

/** Containers within containers, the frame's own array counted. What the protocol itself needs is 7. */
export const depthLimit = 16;

/** The bytes are not MessagePack at all, end early, or are nested too deep: nothing after them can be found. */
export class MsgpackError extends Error {
  override readonly name = 'MsgpackError';
}

/**
 * @returns the value's bytes. The memory may be the tail of a larger buffer, but no later call writes to it.
 */
export const pack = (value: unknown): Uint8Array => packr.pack(value);

/**
 * Reads one value from bytes that a {@link Scanner} has walked without finding fault. Binary values are views into
 * `data`; integers beyond 2^53 come out as numbers that are not safe integers.
 */
export const unpack = (data: Uint8Array, start: number, end: number): unknown =>
  packr.unpack(data, { start, end }) as unknown;

/**
 * An integer as {@link pack} takes it. msgpackr writes a number above 32 bits as a float; as a bigint it stays an
 * integer for every reader.
 */
export const integer = (value: number): number | bigint =>
  value > 0xffff_ffff || value < -0x8000_0000 ? BigInt(value) : value;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Walks over encoded values without building them. It finds where each ends, throws {@link MsgpackError} where that
 * cannot be known, and notes in `fault` what is well-formed but not taken here. It allocates nothing in proportion
 * to lengths that the bytes only claim.
 */
export class Scanner {
  /** Where the next value begins. */
  position: number;
  /** What was found that must not be given to {@link unpack}; the caller sets it back to null. */
  fault: string | null = null;
  readonly #data: Uint8Array;

  constructor(data: Uint8Array, position = 0) {
    this.#data = data;
    this.position = position;
  }

  /** Reads an array's header. @returns its number of elements, or -1 (and stays) when no array is here */
  arrayHeader(): number {
    const token = this.#peek();
    if (token >= 0x90 && token <= 0x9f) {
      this.position++;
      return token - 0x90;
    }
    if (token !== 0xdc && token !== 0xdd) return -1;
    this.position++;
    return this.#unsigned(token === 0xdc ? 2 : 4);
  }

  /** Steps over one value. @param depth containers around it */
  skip(depth: number): void {
    const token = this.#peek();
    this.position++;
    if (token <= 0x7f || token >= 0xe0) return;
    if (token <= 0x8f) return this.#map(token - 0x80, depth);
    if (token <= 0x9f) return this.#array(token - 0x90, depth);
    if (token <= 0xbf) return this.#text(token - 0xa0);
    switch (token) {
      case 0xc0: // nil, false, true
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4: // bin 8, 16, 32
        return this.#pass(this.#unsigned(1));
      case 0xc5:
        return this.#pass(this.#unsigned(2));
      case 0xc6:
        return this.#pass(this.#unsigned(4));
      case 0xc7: // ext 8, 16, 32
        return this.#extension(this.#unsigned(1));
      case 0xc8:
        return this.#extension(this.#unsigned(2));
      case 0xc9:
        return this.#extension(this.#unsigned(4));
      case 0xca: // float 32, 64
        return this.#pass(4);
      case 0xcb:
        return this.#pass(8);
      case 0xcc: // uint 8, 16, 32, 64
      case 0xd0: // int 8, 16, 32, 64
        return this.#pass(1);
      case 0xcd:
      case 0xd1:
        return this.#pass(2);
      case 0xce:
      case 0xd2:
        return this.#pass(4);
      case 0xcf:
      case 0xd3:
        return this.#pass(8);
      case 0xd4: // fixext 1, 2, 4, 8, 16
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (token - 0xd4));
      case 0xd9: // str 8, 16, 32
        return this.#text(this.#unsigned(1));
      case 0xda:
        return this.#text(this.#unsigned(2));
      case 0xdb:
        return this.#text(this.#unsigned(4));
      case 0xdc:
        return this.#array(this.#unsigned(2), depth);
      case 0xdd:
        return this.#array(this.#unsigned(4), depth);
      case 0xde:
        return this.#map(this.#unsigned(2), depth);
      case 0xdf:
        return this.#map(this.#unsigned(4), depth);
      default:
        throw new MsgpackError(`byte 0x${token.toString(16)} begins no value`);
    }
  }

  #peek(): number {
    const token = this.#data[this.position];
    if (token === undefined) throw new MsgpackError('the bytes end within a value');
    return token;
  }

  #pass(bytes: number): void {
    if (bytes > this.#data.length - this.position)
      throw new MsgpackError('the bytes end within a value');
    this.position += bytes;
  }

  #unsigned(bytes: 1 | 2 | 4): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) {
      value = value * 256 + this.#peek();
      this.position++;
    }
    return value;
  }

  // The loops below end where the bytes do, however many elements a header claims: each has at least one byte.

  #array(elements: number, depth: number): void {
    this.#deeper(depth);
    for (let i = 0; i < elements; i++) this.skip(depth + 1);
  }

  #map(entries: number, depth: number): void {
    this.#deeper(depth);
    for (let i = 0; i < entries; i++) {
      const key = this.#peek();
      if (!((key >= 0xa0 && key <= 0xbf) || (key >= 0xd9 && key <= 0xdb)))
        this.fault = 'A map has a key that is not text.';
      this.skip(depth + 1);
      this.skip(depth + 1);
    }
  }

  #deeper(depth: number): void {
    if (depth >= depthLimit)
      throw new MsgpackError(`the bytes are nested deeper than ${depthLimit} levels`);
  }

  #extension(bytes: number): void {
    this.#pass(bytes + 1);
    this.fault = 'Extension types are not part of this protocol.';
  }

  #text(bytes: number): void {
    const start = this.position;
    this.#pass(bytes);
    for (let i = start; i < this.position; i++) {
      if ((this.#data[i] ?? 0) < 0x80) continue;
      // Decoding repairs bad UTF-8 without a word: it is told instead.
      try {
        utf8.decode(this.#data.subarray(i, this.position));
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        this.fault = 'A text is not UTF-8.';
      }
      return;
    }
  }
}
