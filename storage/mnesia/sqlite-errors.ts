/** SQLite's result codes as our errors: one place, one sentence each. */
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from './storage-error.ts';

/** What better-sqlite3 throws, as far as we look at it. */
interface SqliteError extends Error {
  readonly code: string;
}

export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && error.name === 'SqliteError' && 'code' in error;
}

/** Returns errors that are not SQLite's own as they are. */
export function toStorageError(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  const options = { cause: error };
  // The primary code is the first two words: SQLITE_IOERR_FSYNC is an SQLITE_IOERR.
  switch (error.code.split('_', 2).join('_')) {
    case 'SQLITE_FULL':
      return diskFull(file, options);
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return locked(file, options);
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return corrupt(file, error.message, options);
    case 'SQLITE_IOERR':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
      // Some file systems find out only at fsync, and SQLite does not tell why that failed.
      if (!hasRoom(file)) return diskFull(file, options);
      return new StorageError(
        'io',
        `The operating system refused to read or write ${file} (${error.code}: ${error.message}). ` +
          'Check that the disk is healthy and that the file and its directory are writable.',
        options,
      );
    case 'SQLITE_CONSTRAINT':
      return new StorageError(
        'already_exists',
        `A record with this key exists already (${error.message}). Use write to replace it.`,
        options,
      );
    default:
      return error;
  }
}

/** Not `disk_full`, whatever the reason: the transaction was done, and is not known to be on the disk. */
export function notSynced(file: string, cause: unknown): StorageError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StorageError(
    'io',
    `What was written to ${file} could not be brought to the disk (${why}). ` +
      'Check that the disk is healthy and has room.',
    { cause },
  );
}

export function diskFull(file: string, options?: ErrorOptions): StorageError {
  return new StorageError(
    'disk_full',
    `There is no room left for ${file}. The transaction was rolled back and nothing was lost. ` +
      'Make room on that file system; writing goes on by itself then.',
    options,
  );
}

export function locked(file: string, options?: ErrorOptions): StorageError {
  return new StorageError(
    'locked',
    `Another process uses ${file}. Find it with "fuser -v ${file}" and stop it, ` +
      'or use another data directory.',
    options,
  );
}

export function corrupt(file: string, what: string, options?: ErrorOptions): StorageError {
  return new StorageError(
    'corrupt',
    `${file} is damaged or is not a database of this program (${what}). It was left untouched. ` +
      'Keep a copy of it and of its -wal file, then restore a backup into its place.',
    options,
  );
}

/** SQLite writes whole pages, and more than one for any change. */
const LEAST_BYTES = 64 * 1024;

function hasRoom(file: string): boolean {
  const directory = dirname(file);
  if (file === ':memory:' || !existsSync(directory)) return true;
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize >= LEAST_BYTES;
}
