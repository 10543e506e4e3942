/**
 * Whether there is room to write, and what is done when there is not: ordinary transactions are
 * refused, transactions that free room get the reserve, and what they freed goes back to the file
 * system until the reserve can be made again.
 */
import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Engine } from './engine.ts';
import type { Reserve } from './reserve.ts';
import { diskFull } from './sqlite-errors.ts';
import { StorageError } from './storage-error.ts';

/** How often pages are given back, at most, after one transaction that freed some. */
const VACUUM_STEPS = 16;
/** Of the reserve, what one step may move: moving a page writes two or three to the WAL. */
const VACUUM_SHARE = 1 / 16;
/** SQLite's own choice for when to copy the WAL into the file. */
const CHECKPOINT_PAGES = 1000;
/** Of the reserve, what the WAL may take before it is copied: it needs that room again then. */
const WAL_SHARE = 1 / 4;

export class Room {
  readonly #engine: Engine;
  readonly #reserve: Reserve | undefined;
  readonly #pageBytes: number;
  /** The file's limit in pages, if it has one of its own. */
  readonly #maxPages: number | undefined;
  /** The last attempt to write, or to make the reserve, failed for want of room. */
  #full = false;

  constructor(engine: Engine, reserve: Reserve | undefined, maxPages: number | undefined) {
    this.#engine = engine;
    this.#reserve = reserve;
    this.#maxPages = maxPages;
    this.#pageBytes = engine.pragma('page_size') as number;
    if (maxPages !== undefined) engine.pragma(`max_page_count = ${maxPages}`);
    this.#setFull(reserve !== undefined && !reserve.make());
  }

  get full(): boolean {
    return this.#full;
  }

  /** Before a transaction on a full disk. Throws StorageError `disk_full`. */
  admit(frees: boolean): void {
    if (frees) {
      if (this.#spendReserve()) this.#checkpoint();
    } else if (!this.#regain()) {
      throw diskFull(this.#engine.file);
    }
  }

  /**
   * After a transaction failed with `disk_full` and was rolled back. True when there is now room
   * that this kind of transaction may use, so that it is worth another attempt.
   */
  exhausted(frees: boolean): boolean {
    this.#setFull(true);
    const spent = frees && this.#spendReserve();
    this.#checkpoint();
    return spent;
  }

  /** After a transaction on a full disk was committed. True when there is room again. */
  committed(frees: boolean): boolean {
    if (!frees) this.#setFull(false);
    else if (this.#reserve?.held === false) this.#regain();
    return !this.#full;
  }

  /** Gives free pages back until the reserve can be made again. True when all is as it should be. */
  #regain(): boolean {
    const reserve = this.#reserve;
    if (reserve === undefined || reserve.held) return true;
    this.#checkpoint();
    for (let step = 0; step < VACUUM_STEPS && !this.#retakeReserve(reserve); step += 1) {
      if (!this.#vacuum()) break;
      this.#checkpoint();
    }
    return reserve.held;
  }

  #retakeReserve(reserve: Reserve): boolean {
    if (!this.#withinPages() || !reserve.make()) return false;
    if (this.#maxPages !== undefined) this.#engine.pragma(`max_page_count = ${this.#maxPages}`);
    this.#setFull(false);
    return true;
  }

  #spendReserve(): boolean {
    const reserve = this.#reserve;
    if (reserve?.giveUp() !== true) return false;
    if (this.#maxPages !== undefined) {
      const pages = Math.ceil(reserve.bytes / this.#pageBytes);
      this.#engine.pragma(`max_page_count = ${this.#maxPages + pages}`);
    }
    return true;
  }

  #withinPages(): boolean {
    if (this.#maxPages === undefined) return true;
    return (this.#engine.pragma('page_count') as number) <= this.#maxPages;
  }

  /**
   * On a full disk SQLite must not copy the WAL into the file when it likes: half a copy takes the
   * last room and gives none back.
   */
  #setFull(full: boolean): void {
    this.#full = full;
    const reserved = this.#reserve === undefined ? 0 : this.#reserve.bytes;
    const share = Math.ceil((reserved * WAL_SHARE) / this.#pageBytes);
    const pages = share === 0 ? CHECKPOINT_PAGES : Math.min(CHECKPOINT_PAGES, share);
    this.#engine.pragma(`wal_autocheckpoint = ${full ? 0 : pages}`);
  }

  /** Takes free pages off the end of the file, moving others there into free ones. */
  #vacuum(): boolean {
    if (this.#engine.pragma('freelist_count') === 0) return false;
    const reserved = this.#reserve === undefined ? 0 : this.#reserve.bytes;
    const pages = Math.ceil((reserved * VACUUM_SHARE) / this.#pageBytes);
    try {
      this.#engine.exec(`PRAGMA incremental_vacuum(${pages})`);
      return true;
    } catch (error) {
      // Moving pages needs room itself; the next transaction that frees some comes here again.
      if (isDiskFull(error)) return false;
      throw error;
    }
  }

  /** Copies the WAL into the file and empties it, if the file has room to grow as much as it must. */
  #checkpoint(): void {
    const { file } = this.#engine;
    if (file !== ':memory:') {
      const { bavail, bsize } = statfsSync(dirname(file));
      const pages = this.#engine.pragma('page_count') as number;
      if (pages * this.#pageBytes - statSync(file).size > bavail * bsize) return;
    }
    this.#engine.pragma('main.wal_checkpoint(TRUNCATE)');
  }
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'disk_full';
}
