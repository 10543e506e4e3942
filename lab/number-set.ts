/** A set of natural numbers that are mostly neighbours, such as messages' numbers: a bit each. */
export class NumberSet {
  /** 32 numbers each: bit `n % 32` of word `n >>> 5`. */
  readonly #words = new Map<number, number>();

  /** @param number below 2^32 */
  has(number: number): boolean {
    return ((this.#words.get(number >>> 5) ?? 0) & (1 << (number & 31))) !== 0;
  }

  /** @param number below 2^32 */
  add(number: number): void {
    const word = number >>> 5;
    this.#words.set(word, (this.#words.get(word) ?? 0) | (1 << (number & 31)));
  }
}
