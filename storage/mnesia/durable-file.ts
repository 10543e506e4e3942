/** Files that must be whole, or not be there, after a power cut. */
import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';

/** Now, as a file name can have it. */
export function fileDate(): string {
  return new Date().toISOString().replaceAll(':', '-');
}

/** fsync of a file or a directory. Never of an open database: closing it would drop SQLite's lock. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Removes an unfinished copy of a database with what SQLite may have left beside it: a WAL would be
 * taken for that of the next file of this name.
 */
export function removeCopy(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}
