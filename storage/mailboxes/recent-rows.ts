/**
 * What stands at the end of a mailbox, in memory: enough of each row to let it go when it is acknowledged, without
 * reading its segment. Covers the device's rows from some number on, receipts apart; what lies before is read.
 */
import type { RowSummary } from './row-tails.ts';

export class RecentRows {
  /** Every row of the device with this number or a higher one is here. */
  #from = Infinity;
  // Two lists instead of one of pairs: no object per row and device.
  #numbers: number[] = [];
  #summaries: RowSummary[] = [];

  get length(): number {
    return this.#numbers.length;
  }

  append(n: number, summary: RowSummary): void {
    if (this.#from === Infinity) this.#from = n;
    this.#numbers.push(n);
    // An empty list may be an old object, which would keep what it gets alive after it is dead itself.
    if (this.#summaries.length === 0) this.#summaries = [summary];
    else this.#summaries.push(summary);
  }

  /** Takes out the rows from `from` to `to`; undefined when they are not all known. */
  take(from: number, to: number): readonly RowSummary[] | undefined {
    if (this.#from === Infinity) return undefined;
    const known = this.#from <= from;
    // Those up to `to` are gone in any case: left here they would be let go a second time.
    let end = 0;
    while (end < this.#numbers.length && (this.#numbers[end] as number) <= to) end++;
    this.#from = Math.max(this.#from, to + 1);
    const all = this.#summaries;
    const isAll = end === this.#numbers.length;
    if (isAll) this.#summaries = [];
    this.#numbers.splice(0, end);
    const taken = isAll ? all : all.splice(0, end);
    return known ? taken : undefined;
  }

  /** When rows in the middle have gone: what was known may not be true. */
  forget(): void {
    this.#from = Infinity;
    this.#numbers = [];
    this.#summaries = [];
  }
}
