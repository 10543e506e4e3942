/** A table as simple as can be: an array, and a copy of it to go back to. */
import { isDeepStrictEqual } from 'node:util';
import type { TableType } from '../../../storage/mnesia/schema.ts';

export interface Entry {
  a: number;
  b: string;
  v: number | null;
  w: unknown;
}

export class ModelTable {
  readonly #type: TableType;
  #entries: Entry[] = [];

  constructor(type: TableType) {
    this.#type = type;
  }

  /** In the order of the key; in a bag in the order of writing. */
  all(): Entry[] {
    const entries = [...this.#entries];
    return this.#type === 'bag' ? entries : entries.sort(byKey);
  }

  at(a: number, b: string): Entry[] {
    return this.#entries.filter(entry => entry.a === a && entry.b === b);
  }

  write(entry: Entry): void {
    if (this.#type === 'bag') {
      if (!this.#entries.some(other => isDeepStrictEqual(other, entry))) this.#entries.push(entry);
      return;
    }
    this.delete(entry.a, entry.b);
    this.#entries.push(entry);
  }

  delete(a: number, b: string): number {
    return this.#remove(entry => entry.a === a && entry.b === b);
  }

  deleteObject(entry: Entry): boolean {
    return this.#remove(other => isDeepStrictEqual(other, entry)) > 0;
  }

  range(from: [number, string], to: [number, string]): Entry[] {
    return this.all().filter(
      entry => compare([entry.a, entry.b], from) >= 0 && compare([entry.a, entry.b], to) <= 0,
    );
  }

  deleteRange(a: number, from: string, to: string): number {
    return this.#remove(entry => entry.a === a && entry.b >= from && entry.b <= to);
  }

  save(): Entry[] {
    return [...this.#entries];
  }

  goBack(saved: Entry[]): void {
    this.#entries = saved;
  }

  #remove(doomed: (entry: Entry) => boolean): number {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter(entry => !doomed(entry));
    return before - this.#entries.length;
  }
}

function byKey(x: Entry, y: Entry): number {
  return compare([x.a, x.b], [y.a, y.b]);
}

function compare(x: [number, string], y: [number, string]): number {
  if (x[0] !== y[0]) return x[0] - y[0];
  return x[1] < y[1] ? -1 : x[1] > y[1] ? 1 : 0;
}
