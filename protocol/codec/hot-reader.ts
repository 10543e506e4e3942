import {
  isDeviceId,
  isGroupId,
  isUserId,
  type DeviceId,
  type GroupId,
  type UserId,
} from '../ids.ts';
import { IdCache } from './id-cache.ts';

/**
 * Reads fields straight from a frame's bytes, for the few packets that come by the thousand. It knows the usual
 * formats only; where it meets another one, or a value that does not fit, it says so, and the packet is read in the
 * general way, which knows every format, limit and error. So it never decides that something is wrong.
 *
 * It may read beyond the end of the bytes, where it finds zeros: whoever reads with it looks at the end whether
 * {@link position} is still within them, and believes nothing before.
 */
export class HotReader {
  /** Where the next field begins. */
  position = 0;
  readonly #data: Uint8Array;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** Steps over one byte. @returns whether it was this one */
  is(byte: number): boolean {
    return this.#data[this.position++] === byte;
  }

  /** One byte, as it is. */
  byte(): number {
    return this.#data[this.position++] ?? 0;
  }

  /** @returns a safe integer from 0, or -1 for anything else */
  integer(): number {
    const data = this.#data;
    const at = this.position;
    const token = data[at] ?? 0;
    if (token < 0x80) {
      this.position = at + 1;
      return token;
    }
    switch (token) {
      case 0xcc:
        this.position = at + 2;
        return data[at + 1] ?? 0;
      case 0xcd:
        this.position = at + 3;
        return ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
      case 0xce:
        this.position = at + 5;
        return this.#unsigned32(at + 1);
      case 0xcf:
      case 0xd3: {
        this.position = at + 9;
        const high = this.#unsigned32(at + 1);
        // Beyond 2^53, or negative.
        return high > 0x1f_ffff ? -1 : high * 0x1_0000_0000 + this.#unsigned32(at + 5);
      }
      default:
        return -1;
    }
  }

  /** @returns the number of elements of an array with at most 65,535, or -1 */
  arrayHeader(): number {
    const token = this.byte();
    if (token >= 0x90 && token <= 0x9f) return token - 0x90;
    return token === 0xdc ? (this.byte() << 8) | this.byte() : -1;
  }

  user(): UserId | null {
    return this.#id(users);
  }

  device(): DeviceId | null {
    return this.#id(devices);
  }

  group(): GroupId | null {
    return this.#id(groups);
  }

  /** @returns a view into the frame; undefined for what is no binary or has more than `limitBytes` */
  binary(limitBytes: number): Uint8Array | undefined {
    const token = this.byte();
    let length: number;
    if (token === 0xc4) length = this.byte();
    else if (token === 0xc5) length = (this.byte() << 8) | this.byte();
    else if (token === 0xc6) {
      length = this.#unsigned32(this.position);
      this.position += 4;
    } else return undefined;
    if (length > limitBytes) return undefined;
    const start = this.position;
    this.position = start + length;
    return this.#data.subarray(start, this.position);
  }

  #id<Id extends string>(cache: IdCache<Id>): Id | null {
    const token = this.byte();
    let length: number;
    if (token >= 0xa0 && token <= 0xbf) length = token - 0xa0;
    else if (token === 0xd9) length = this.byte();
    else return null;
    const start = this.position;
    this.position = start + length;
    return cache.read(this.#data, start, length);
  }

  #unsigned32(at: number): number {
    const data = this.#data;
    return (
      (data[at] ?? 0) * 0x100_0000 +
      (((data[at + 1] ?? 0) << 16) | ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0))
    );
  }
}

// Together at most a few megabytes.
const users = new IdCache(isUserId, 16_384);
const devices = new IdCache(isDeviceId, 16_384);
const groups = new IdCache(isGroupId, 4096);
