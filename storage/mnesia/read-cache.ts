/** The records of a disc_copies table that were read by key, as rows of column values. */
import type { SqlValue } from './column-values.ts';
import type { KeyPart } from './schema.ts';

/** What one table keeps in memory at most, by a rough measure of its values. */
const LIMIT_BYTES = 8 * 1024 * 1024;
const ROW_BYTES = 100;

/**
 * Rows are dropped when their key is written, and all of them when a transaction rolls back. The
 * least recently read go first when there are too many.
 */
export class ReadCache {
  readonly #limitBytes: number;
  readonly #rows = new Map<KeyPart, readonly SqlValue[]>();
  #bytes = 0;

  constructor(limitBytes = LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: readonly KeyPart[]): readonly SqlValue[] | undefined {
    const id = identity(key);
    const row = this.#rows.get(id);
    if (row === undefined) return undefined;
    this.#rows.delete(id);
    this.#rows.set(id, row);
    return row;
  }

  put(key: readonly KeyPart[], row: readonly SqlValue[]): void {
    const bytes = weigh(row);
    if (bytes > this.#limitBytes / 16) return;
    this.drop(key);
    this.#rows.set(identity(key), row);
    this.#bytes += bytes;
    for (const [id, oldest] of this.#rows) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#rows.delete(id);
      this.#bytes -= weigh(oldest);
    }
  }

  drop(key: readonly KeyPart[]): void {
    if (this.#rows.size === 0) return;
    const id = identity(key);
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    this.#bytes -= weigh(row);
  }

  clear(): void {
    this.#rows.clear();
    this.#bytes = 0;
  }
}

/** Parts have the types of their columns, so that a text never meets a number of that look. */
function identity(key: readonly KeyPart[]): KeyPart {
  const [only] = key;
  if (key.length === 1 && !(only instanceof Uint8Array)) return only as KeyPart;
  return JSON.stringify(
    key.map(part => (part instanceof Uint8Array ? Buffer.from(part).toString('base64') : part)),
  );
}

function weigh(row: readonly SqlValue[]): number {
  let bytes = ROW_BYTES;
  for (const value of row) {
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}
