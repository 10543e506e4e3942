/**
 * Whether there is room to write, and what is done when there is not: ordinary transactions are
 * refused, transactions that free room get the reserve, and what they freed goes back to the file
 * system until the reserve can be made again.
 */
import type { Engine } from './engine.ts';
import type { Reserve } from './reserve.ts';
import { diskFull } from './sqlite-errors.ts';
import { StorageError } from './storage-error.ts';

/** Pages given back after each transaction that frees room: 4 MiB. */
const VACUUM_PAGES = 1024;

export class Room {
  readonly #engine: Engine;
  readonly #reserve: Reserve | undefined;
  /** The file's limit in pages, if it has one of its own. */
  readonly #maxPages: number | undefined;
  /** The last attempt to write, or to make the reserve, failed for want of room. */
  #full = false;

  constructor(engine: Engine, reserve: Reserve | undefined, maxPages: number | undefined) {
    this.#engine = engine;
    this.#reserve = reserve;
    this.#maxPages = maxPages;
    if (maxPages !== undefined) engine.pragma(`max_page_count = ${maxPages}`);
    if (reserve !== undefined && !reserve.make()) this.#full = true;
  }

  get full(): boolean {
    return this.#full;
  }

  /** Before a transaction on a full disk. Throws StorageError `disk_full`. */
  admit(frees: boolean): void {
    if (frees) this.#spendReserve();
    else if (!this.#regain()) throw diskFull(this.#engine.file);
  }

  /**
   * After a transaction failed with `disk_full` and was rolled back. True when there is now room
   * that this kind of transaction may use, so that it is worth another attempt.
   */
  exhausted(frees: boolean): boolean {
    this.#full = true;
    const spent = frees && this.#spendReserve();
    // The WAL may hold many old versions of pages; what is in the file need not stay there too.
    this.#ifRoom(() => this.#checkpoint());
    return spent;
  }

  /** After a transaction on a full disk was committed. True when there is room again. */
  committed(frees: boolean): boolean {
    if (!frees) this.#full = false;
    else if (this.#reserve?.held === false) this.#regain();
    return !this.#full;
  }

  /** Gives free pages back and makes the reserve again. True when all is as it should be. */
  #regain(): boolean {
    const reserve = this.#reserve;
    if (reserve === undefined || reserve.held) return true;
    const shrunk = this.#ifRoom(() => {
      this.#engine.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
      this.#checkpoint();
    });
    if (!shrunk || !this.#withinPages() || !reserve.make()) return false;
    if (this.#maxPages !== undefined) this.#engine.pragma(`max_page_count = ${this.#maxPages}`);
    this.#full = false;
    return true;
  }

  #spendReserve(): boolean {
    const reserve = this.#reserve;
    if (reserve?.giveUp() !== true) return false;
    if (this.#maxPages !== undefined) {
      const pages = Math.ceil(reserve.bytes / (this.#engine.pragma('page_size') as number));
      this.#engine.pragma(`max_page_count = ${this.#maxPages + pages}`);
    }
    return true;
  }

  #withinPages(): boolean {
    if (this.#maxPages === undefined) return true;
    return (this.#engine.pragma('page_count') as number) <= this.#maxPages;
  }

  #checkpoint(): void {
    this.#engine.pragma('main.wal_checkpoint(TRUNCATE)');
  }

  /** False when even this needs more room than there is; any other error goes on. */
  #ifRoom(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (isDiskFull(error)) return false;
      throw error;
    }
  }
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'disk_full';
}
