/**
 * Ids by their bytes. The same few thousand ids come again and again: looking one up is cheaper than making a new
 * string of it, checking that and hashing it for every map that it is looked up in later.
 *
 * The cache holds a fixed number of ids, each in the one slot that its hash names; a newer one takes the place of an
 * older one. Who sends ids made to collide makes them cost what they would cost without a cache, and no more.
 */
export class IdCache<Id extends string> {
  readonly #isId: (value: unknown) => value is Id;
  readonly #slots: (Id | undefined)[];

  /** @param slots how many ids it holds at most: a power of two */
  constructor(isId: (value: unknown) => value is Id, slots: number) {
    if ((slots & (slots - 1)) !== 0)
      throw new RangeError(`a cache has a power of two of slots, got ${slots}`);
    this.#isId = isId;
    this.#slots = new Array<Id | undefined>(slots).fill(undefined);
  }

  /** @returns the id that these bytes are, null when they are none */
  read(data: Uint8Array, start: number, length: number): Id | null {
    const end = start + length;
    let hash = 0x811c_9dc5; // FNV-1a
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (data[at] ?? 0), 0x0100_0193);
    const slot = (hash ^ (hash >>> 15)) & (this.#slots.length - 1);
    const known = this.#slots[slot];
    if (known !== undefined && known.length === length && isText(known, data, start)) return known;
    const id = String.fromCharCode(...data.subarray(start, end));
    if (!this.#isId(id)) return null;
    this.#slots[slot] = id;
    return id;
  }
}

function isText(text: string, data: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== data[start + i]) return false;
  return true;
}
