/** The first few of very many, by a key: a heap of as many as are wanted, so that nothing else is kept or sorted. */

/** Numbers come from the largest down, texts from a to z. */
export type Key = number | string;

export interface Ranked<Item> {
  readonly key: Key;
  /** Decides between equal keys: the smaller one first. */
  readonly id: number;
  readonly item: Item;
}

type Rank = Pick<Ranked<unknown>, 'key' | 'id'>;

/** Negative when `a` comes before `b`. The keys of one order are of one type. */
export function compareRanks(a: Rank, b: Rank): number {
  if (a.key === b.key) return a.id - b.id;
  if (typeof a.key === 'number' && typeof b.key === 'number') return b.key - a.key;
  return a.key < b.key ? -1 : 1;
}

export class Top<Item> {
  readonly #most: number;
  /** A binary heap: each one comes after those below it, so the last one of all is at the root. */
  readonly #heap: Ranked<Item>[] = [];

  /** @param most how many are kept */
  constructor(most: number) {
    this.#most = most;
  }

  offer(key: Key, id: number, item: Item): void {
    const heap = this.#heap;
    if (heap.length < this.#most) {
      heap.push({ key, id, item });
      this.#rise(heap.length - 1);
      return;
    }
    const last = heap[0];
    if (last === undefined || compareRanks({ key, id }, last) >= 0) return;
    heap[0] = { key, id, item };
    this.#sink(0);
  }

  /** Those that were kept, the first one first. */
  sorted(): Ranked<Item>[] {
    return this.#heap.toSorted(compareRanks);
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isAfter(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    for (;;) {
      let latest = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.#heap.length && this.#isAfter(child, latest)) latest = child;
      }
      if (latest === index) return;
      this.#swap(index, latest);
      index = latest;
    }
  }

  #isAfter(index: number, other: number): boolean {
    return compareRanks(this.#at(index), this.#at(other)) > 0;
  }

  #swap(index: number, other: number): void {
    const one = this.#at(index);
    this.#heap[index] = this.#at(other);
    this.#heap[other] = one;
  }

  #at(index: number): Ranked<Item> {
    return this.#heap[index] as Ranked<Item>;
  }
}
