/**
 * A file that only takes room. On a full file system SQLite cannot even delete: a delete writes to
 * the WAL first. Giving up this file makes that possible.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const CHUNK_BYTES = 1024 * 1024;
/** Beyond the reserve there must be this part of it left, or the disk is full again at once. */
const HEADROOM = 1 / 4;

export class Reserve {
  readonly bytes: number;
  readonly #file: string;
  #held: boolean;

  constructor(file: string, bytes: number) {
    this.bytes = bytes;
    this.#file = file;
    this.#held = bytes === 0 || isWhole(file, bytes);
  }

  /** False after it was given up. */
  get held(): boolean {
    return this.#held;
  }

  /** Takes the room unless it is held. False when the file system has not enough of it. */
  make(): boolean {
    if (this.#held) return true;
    rmSync(this.#file, { force: true });
    const { bavail, bsize } = statfsSync(dirname(this.#file));
    if (bavail * bsize < this.bytes * (1 + HEADROOM)) return false;
    try {
      this.#write();
    } catch (error) {
      rmSync(this.#file, { force: true });
      if (isNoSpace(error)) return false;
      throw error;
    }
    this.#held = true;
    return true;
  }

  /** Gives the room back to the file system. False when there is nothing to give. */
  giveUp(): boolean {
    if (!this.#held || this.bytes === 0) return false;
    rmSync(this.#file, { force: true });
    this.#held = false;
    return true;
  }

  /** Random bytes: zeros take no room on a file system that compresses. */
  #write(): void {
    const chunk = randomFillSync(Buffer.alloc(Math.min(CHUNK_BYTES, this.bytes)));
    const descriptor = openSync(this.#file, 'w', 0o600);
    try {
      for (let at = 0; at < this.bytes;) {
        at += writeSync(descriptor, chunk, 0, Math.min(chunk.length, this.bytes - at));
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

/** A crash may leave a file that is too short or has holes. */
function isWhole(file: string, bytes: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.size === bytes && stat.blocks * 512 >= bytes;
}

function isNoSpace(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
