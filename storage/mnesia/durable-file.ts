/** Files that must be whole, or not be there, after a power cut. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

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
