import { openDatabase } from '../mnesia/database.ts';
import { beginEra } from './facts.ts';
import { migrations } from './migrations.ts';
import { SCHEMA_VERSION, tables } from './tables.ts';

export interface RestoreOptions {
  readonly file: string;
  /** A shard's file from a backup. */
  readonly source: string;
  readonly era: number;
}

/**
 * Puts a backup in the place of a shard's file, under a new era.
 *
 * @throws StorageError when the file is in use, or the backup is damaged or from a newer program; nothing is changed then
 */
export async function restoreShard({ file, source, era }: RestoreOptions): Promise<void> {
  const database = openDatabase({ file, tables, migrations, schemaVersion: SCHEMA_VERSION });
  try {
    await database.restore(source);
    beginEra(database, era);
  } finally {
    database.close();
  }
}
