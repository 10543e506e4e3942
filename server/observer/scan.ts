/**
 * Goes through very many things, some at a time, and keeps the first few by an order: so a page of a hundred thousand
 * processes costs no turn that others would notice.
 */
import { Top } from './top.ts';
import type { Key, Ranked } from './top.ts';

export interface ScanPlan<Item> {
  readonly items: Iterator<Item>;
  readonly matches: (item: Item) => boolean;
  readonly key: (item: Item) => Key;
  readonly id: (item: Item) => number;
  /** How many of the order are wanted. */
  readonly first: number;
}

export interface Scanned<Item> {
  /** All there are, and those that match. */
  readonly total: number;
  readonly matched: number;
  readonly top: readonly Ranked<Item>[];
}

/** So many are looked at in one turn: some tenths of a millisecond. */
export const LOOKED_AT_ONCE = 2_048;

export class Scan<Item> {
  readonly #plan: ScanPlan<Item>;
  readonly #top: Top<Item>;
  #total = 0;
  #matched = 0;

  constructor(plan: ScanPlan<Item>) {
    this.#plan = plan;
    this.#top = new Top(plan.first);
  }

  /** Looks at so many more. @returns what was found once all are looked at, else undefined */
  step(most = LOOKED_AT_ONCE): Scanned<Item> | undefined {
    const { items, matches, key, id } = this.#plan;
    for (let looked = 0; looked < most; looked += 1) {
      const next = items.next();
      if (next.done === true) {
        return { total: this.#total, matched: this.#matched, top: this.#top.sorted() };
      }
      this.#total += 1;
      if (!matches(next.value)) continue;
      this.#matched += 1;
      this.#top.offer(key(next.value), id(next.value), next.value);
    }
    return undefined;
  }
}
