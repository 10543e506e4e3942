/**
 * fsync of SQLite's write-ahead log beside the thread. With `synchronous=FULL` the thread stands still in each COMMIT
 * until the disk has answered; with NORMAL SQLite syncs the log only before a checkpoint, and what a commit wrote
 * is made durable here.
 *
 * The log may be opened twice: SQLite's locks are on the database's own file. It is one file as long as the database
 * is open: a checkpoint empties it or begins it anew, but never replaces it.
 */
import { closeSync, fdatasync, openSync } from 'node:fs';

export class LogSync {
  readonly #file: string;
  /** Opened when it is first needed: SQLite makes the log with the first change. */
  #descriptor: number | undefined;
  #isWritten = false;
  /** The newest sync: done, under way or failed. It covers what older ones cover. */
  #newest: Promise<void> = Promise.resolve();
  #underWay = 0;
  #isClosed = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** Something was changed that the next sync is to make durable. */
  written(): void {
    this.#isWritten = true;
  }

  /**
   * Resolves when all that was committed before is on the disk.
   *
   * @throws the error of `open` or `fdatasync`, and the same ever after. Nobody may be told then of what was committed
   * last: whether another sync would find it again is the kernel's secret.
   */
  sync(): Promise<void> {
    if (this.#isWritten) {
      this.#isWritten = false;
      const before = this.#newest;
      this.#newest = this.#begin().then(() => before);
    }
    return this.#newest;
  }

  /** A sync that is under way is finished first: its descriptor's number may be another file's by then. */
  close(): void {
    this.#isClosed = true;
    this.#closeDescriptor();
  }

  async #begin(): Promise<void> {
    // For writing, which some systems want of who syncs.
    const descriptor = (this.#descriptor ??= openSync(this.#file, 'r+'));
    this.#underWay++;
    try {
      await new Promise<void>((resolve, reject) => {
        fdatasync(descriptor, error => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    } finally {
      this.#underWay--;
      if (this.#isClosed) this.#closeDescriptor();
    }
  }

  #closeDescriptor(): void {
    if (this.#descriptor === undefined || this.#underWay > 0) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
