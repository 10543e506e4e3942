/** Backups: one consistent cut of the file, written while the database goes on being written. */
import { statSync } from 'node:fs';
import { copyFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { removeCopy, syncPath } from './durable-file.ts';
import type { Engine } from './engine.ts';
import { corrupt, toStorageError } from './sqlite-errors.ts';
import { StorageError } from './storage-error.ts';

export interface Progress {
  readonly phase: 'copy' | 'verify' | 'replace';
  /** In pages of the file while copying a backup, else in steps. */
  readonly done: number;
  readonly total: number;
}

export interface BackupOptions {
  readonly onProgress?: (progress: Progress) => void;
}

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly schemaVersion: number;
}

/** What was found in a file, by verify-worker. */
export type Verdict =
  | { readonly kind: 'sound'; readonly schemaVersion: number }
  | { readonly kind: 'damaged'; readonly problem: string };

/** The target has its name only when all of it is on the disk; an older backup is replaced then. */
export async function writeBackup(
  engine: Engine,
  target: string,
  options: BackupOptions,
): Promise<BackupReport> {
  const partial = `${target}.partial`;
  removeCopy(partial);
  try {
    await engine.backup(partial, (done, total) => {
      options.onProgress?.({ phase: 'copy', done, total });
    });
    syncPath(partial);
    const schemaVersion = await verifyCopy(partial, target);
    await rename(partial, target);
    syncPath(dirname(target));
    return { file: target, bytes: (await stat(target)).size, schemaVersion };
  } catch (error) {
    removeCopy(partial);
    throw backupFailed(error, target);
  }
}

/**
 * Copies a backup beside the database and looks through all of it. The copy is what will be put
 * into place, so that nothing can happen to it in between.
 */
export async function stageRestore(
  source: string,
  staged: string,
  schemaVersion: number,
  options: BackupOptions,
): Promise<void> {
  removeCopy(staged);
  try {
    refuseWal(source);
    options.onProgress?.({ phase: 'copy', done: 0, total: 1 });
    await copyFile(source, staged);
    options.onProgress?.({ phase: 'copy', done: 1, total: 1 });
    const version = await verifyCopy(staged, source);
    options.onProgress?.({ phase: 'verify', done: 1, total: 1 });
    if (version > schemaVersion) {
      throw new StorageError(
        'schema_newer',
        `The backup ${source} has schema version ${version}; this program knows up to ${schemaVersion}. Restore it with the newer program.`,
      );
    }
    syncPath(staged);
  } catch (error) {
    removeCopy(staged);
    throw restoreFailed(error, source);
  }
}

/** A backup is one file; with a WAL beside it, it is half of something else. */
function refuseWal(source: string): void {
  const wal = statSync(`${source}-wal`, { throwIfNoEntry: false });
  if (wal !== undefined && wal.size > 0) {
    throw new StorageError(
      'corrupt',
      `${source} is no backup: it has a -wal file beside it. To use such a copy, put both files into the place of the database while the server is stopped.`,
    );
  }
}

/** Looks through the whole copy in another thread. Throws StorageError `corrupt`. */
async function verifyCopy(copy: string, name: string): Promise<number> {
  const verdict = await new Promise<Verdict>((resolve, reject) => {
    const worker = new Worker(new URL('./verify-worker.js', import.meta.url), {
      workerData: copy,
      execArgv: [],
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  if (verdict.kind === 'damaged') throw corrupt(name, verdict.problem);
  return verdict.schemaVersion;
}

function backupFailed(error: unknown, target: string): StorageError {
  const failure = toStorageError(error, target);
  const code = failure instanceof StorageError ? failure.code : 'io';
  if (failure instanceof StorageError && (code === 'corrupt' || code === 'closed')) return failure;
  return new StorageError(
    code,
    `The backup to ${target} could not be written (${messageOf(error)}). Nothing was left there and the database is untouched. ` +
      'Make room or choose another place, and repeat it.',
    { cause: error },
  );
}

function restoreFailed(error: unknown, source: string): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError(
    'io',
    `The backup ${source} could not be read (${messageOf(error)}). The database is untouched.`,
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
