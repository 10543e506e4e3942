/** Reading what a segment says of a message, without decoding its body: to push it, to count it out, to let it expire. */
import { DamagedRow, type RowTail } from '../../protocol/codec/encoded-rows.ts';
import { rowKinds } from '../../protocol/codec/rows.ts';
import type { Conversation, DeviceId } from '../../protocol/ids.ts';
import type { RowSummary } from './row-tails.ts';

export interface StoredMessageHead extends RowSummary {
  readonly peer: DeviceId;
  /** When it was accepted, in milliseconds since 1970. */
  readonly at: number;
  /** Where in the tail's bytes the body, or the reference to it, begins. */
  readonly bodyAt: number;
}

/**
 * @param tail a message's, as it stands in a segment
 * @throws DamagedRow when the bytes are no such tail
 */
export function readMessageHead({ kind, bytes }: RowTail): StoredMessageHead {
  if (kind !== rowKinds.message) throw new TypeError(`expected a message's tail, got kind ${kind}`);
  const cursor = new Cursor(bytes);
  const peer = cursor.text() as DeviceId;
  const seq = cursor.integer();
  const conversation = (cursor.nil() ? null : cursor.text()) as Conversation;
  const at = cursor.integer();
  const bodyAt = cursor.position;
  const shared = cursor.reference();
  const size = shared?.size ?? cursor.binary();
  return { peer, seq, conversation, at, size, bodyId: shared?.bodyId ?? null, bodyAt };
}

/** Takes only what messageTail writes; names and numbers of our own making, in the shortest form. */
class Cursor {
  position = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  text(): string {
    const token = this.#byte();
    let length: number;
    if (token >= 0xa0 && token <= 0xbf) length = token - 0xa0;
    else if (token === 0xd9) length = this.#byte();
    else throw this.#damaged('a name');
    const from = this.#pass(length);
    return this.#bytes.toString('latin1', from, this.position);
  }

  nil(): boolean {
    if (this.#bytes[this.position] !== 0xc0) return false;
    this.position++;
    return true;
  }

  integer(): number {
    const token = this.#byte();
    if (token <= 0x7f) return token;
    switch (token) {
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xd3:
        return this.#unsigned(8);
      default:
        throw this.#damaged('a number');
    }
  }

  /** `[bodyId, size]`, or null and nothing is passed over. */
  reference(): { readonly bodyId: number; readonly size: number } | null {
    if (this.#bytes[this.position] !== 0x92) return null;
    this.position++;
    return { bodyId: this.integer(), size: this.integer() };
  }

  /** Passes over it. @returns its length */
  binary(): number {
    const header = this.#byte() - 0xc4;
    if (header < 0 || header > 2) throw this.#damaged('a body');
    const length = this.#unsigned(1 << header);
    this.#pass(length);
    return length;
  }

  #byte(): number {
    return this.#bytes[this.#pass(1)] as number;
  }

  #unsigned(bytes: number): number {
    let value = 0;
    const from = this.#pass(bytes);
    for (let i = from; i < this.position; i++) value = value * 256 + (this.#bytes[i] as number);
    return value;
  }

  /** @returns where what was passed begins */
  #pass(bytes: number): number {
    const from = this.position;
    if (bytes > this.#bytes.length - from) throw new DamagedRow(from, 'the message ends too early');
    this.position += bytes;
    return from;
  }

  #damaged(expected: string): DamagedRow {
    return new DamagedRow(this.position - 1, `${expected} was expected here`);
  }
}
