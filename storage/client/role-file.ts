/**
 * Each role of a device has a database of its own in the home: `outbox.db` for sending, `inbox.db` for receiving.
 * Whoever opens one holds its lock until it closes it or dies, so a home serves one sender and one receiver at a
 * time, and they never wait for each other.
 */
import { chmodSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type Database } from '../mnesia/database.ts';
import type { Table } from '../mnesia/schema.ts';
import { StorageError } from '../mnesia/storage-error.ts';
import { HomeError } from './home-error.ts';

export interface RoleFile {
  readonly file: string;
  readonly role: 'send' | 'receive';
  readonly tables: readonly Table<object>[];
  /** How long to wait for another process that has the role. */
  readonly waitMs: number;
}

/** The version of the tables of both files; a change of them comes with a migration. */
const schemaVersion = 1;
const pollMs = 50;

/** @throws (rejects) HomeError */
export async function openRoleFile({ file, role, tables, waitMs }: RoleFile): Promise<Database> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      const database = openDatabase({ file, tables, schemaVersion, reserveBytes: 0 });
      for (const path of [file, `${file}-wal`]) if (existsSync(path)) chmodSync(path, 0o600);
      return database;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code !== 'locked') throw homeError(file, error);
      if (performance.now() >= deadline)
        throw new HomeError(
          'role_taken',
          `Another program already ${role === 'send' ? 'sends' : 'listens'} for the device in this home (it holds ${file}): wait until it has ended.`,
          { cause: error },
        );
    }
    await sleep(pollMs);
  }
}

function homeError(file: string, cause: StorageError): HomeError {
  switch (cause.code) {
    case 'schema_newer':
      return new HomeError(
        'home_newer',
        `${file} was written by a newer program: update this one.`,
        { cause },
      );
    case 'corrupt':
    case 'schema_mismatch':
      return new HomeError(
        'home_corrupt',
        `${file} is damaged: put a copy of the whole home back only if nothing was sent or received since, else link this device anew in another directory. (${cause.message})`,
        { cause },
      );
    default:
      return new HomeError(
        'home_io',
        `${file} cannot be ${existsSync(file) ? 'opened' : 'made'}: ${cause.message}`,
        { cause },
      );
  }
}
