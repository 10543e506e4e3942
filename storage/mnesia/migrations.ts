/** Bringing older data to the version of the program, one transaction per version. */
import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileDate, removeCopy, syncPath } from './durable-file.ts';
import type { Engine } from './engine.ts';
import type { StorageLogger } from './logger.ts';
import type { SchemaTransaction } from './schema-operations.ts';
import type { Session } from './session.ts';
import { StorageError } from './storage-error.ts';

export interface Migration {
  /** The version that the data has afterwards; its list has every version from 2 on, in order. */
  readonly version: number;
  /** A few words for the log. */
  readonly name: string;
  /** Changes tables and records. When it throws, nothing of it stays. */
  up(tx: SchemaTransaction): void;
}

/**
 * Throws StorageError `schema_newer` when the data is newer than the program, `schema_mismatch`
 * when a migration is missing, `migration_failed` when one threw: the data is then as it was
 * before that migration. Before each, a snapshot is put beside the file and kept.
 */
export function migrate(
  session: Session,
  migrations: readonly Migration[],
  schemaVersion: number,
  logger: StorageLogger | undefined,
): void {
  const { engine } = session;
  for (let version = session.schemaVersion; version !== schemaVersion; version += 1) {
    if (version > schemaVersion) throw newer(engine.file, version, schemaVersion);
    const migration = migrations.find(candidate => candidate.version === version + 1);
    if (migration === undefined) {
      throw new StorageError(
        'schema_mismatch',
        `${engine.file} has schema version ${version} and no migration leads to ${version + 1}. ` +
          'Use a program that still has it, then this one.',
      );
    }
    const snapshot = takeSnapshot(engine, version);
    logger?.info({ file: engine.file, version: version + 1, snapshot }, migration.name);
    apply(session, migration, snapshot);
  }
}

/** Checks a list of migrations: a mistake in it must show at the first start, not at the first old file. */
export function validateMigrations(migrations: readonly Migration[], schemaVersion: number): void {
  if (!Number.isSafeInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > 0x7fffffff) {
    throw new RangeError(`expected a schemaVersion from 1, got ${schemaVersion}`);
  }
  const first = schemaVersion - migrations.length + 1;
  for (const [i, migration] of migrations.entries()) {
    if (migration.version !== first + i || migration.version < 2) {
      throw new RangeError(
        `expected migrations in order up to version ${schemaVersion}, from 2, got version ${migration.version} at place ${i}`,
      );
    }
  }
}

function apply(session: Session, migration: Migration, snapshot: string | undefined): void {
  try {
    session.schemaTransaction(tx => {
      const result: unknown = migration.up(tx);
      session.engine.exec(`PRAGMA user_version = ${migration.version}`);
      return result;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StorageError(
      'migration_failed',
      `The migration of ${session.engine.file} to version ${migration.version} (${migration.name}) failed: ${why}. ` +
        `The data is unchanged at version ${migration.version - 1}` +
        (snapshot === undefined ? '. ' : `, with a snapshot in ${snapshot}. `) +
        'Go on with the program of that version and report this.',
      { cause: error },
    );
  }
}

/** A whole copy, on the disk before it has its name. Undefined for a database in memory. */
function takeSnapshot(engine: Engine, version: number): string | undefined {
  if (engine.file === ':memory:') return undefined;
  const snapshot = `${engine.file}.v${version}.${fileDate()}.snapshot`;
  const partial = `${snapshot}.partial`;
  removeCopy(partial);
  try {
    engine.run(engine.prepare('VACUUM main INTO ?'), [partial]);
  } catch (error) {
    removeCopy(partial);
    throw error;
  }
  syncPath(partial);
  renameSync(partial, snapshot);
  syncPath(dirname(snapshot));
  return snapshot;
}

function newer(file: string, version: number, known: number): StorageError {
  return new StorageError(
    'schema_newer',
    `${file} has schema version ${version}; this program knows up to ${known}. ` +
      'Use the newer program, or restore a backup or snapshot of the older version.',
  );
}
