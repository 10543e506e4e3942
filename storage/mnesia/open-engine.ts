/** Opens the file: looks whether it is ours, takes the lock, sets the pragmas. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import { syncPath } from './durable-file.ts';
import { Engine } from './engine.ts';
import { corrupt } from './sqlite-errors.ts';

export const DATABASE_FILE = 'strowger.db';
/** "Strw": tells our files from other SQLite files (PRAGMA application_id). */
export const APPLICATION_ID = 0x53747277;
/** One page of the smallest size that SQLite has. A process that died early leaves no byte at all. */
const SMALLEST_BYTES = 512;

/** The file of a database: named, or `strowger.db` in a directory, or in memory. */
export function databaseFile(options: {
  readonly directory?: string | undefined;
  readonly file?: string | undefined;
}): string {
  if (options.file !== undefined) return options.file;
  return options.directory === undefined ? ':memory:' : join(options.directory, DATABASE_FILE);
}

/**
 * Costs the same for a large file as for a small one; only what the last process left in the WAL
 * is read. Throws StorageError `corrupt`, `locked` or `io`.
 *
 * The file itself is only ever opened by SQLite: POSIX locks belong to the process, and closing
 * any other descriptor of a database that is open here would let another server in.
 */
export function openEngine(file: string): Engine {
  if (file !== ':memory:') {
    makeDirectory(dirname(file));
    refuseRemains(file);
  }
  if (file !== ':memory:') syncRemains(file);
  const engine = new Engine(file);
  try {
    configure(engine);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}

function configure(engine: Engine): void {
  // With this lock SQLite keeps the WAL's index in memory and nobody else gets in.
  engine.pragma('locking_mode = EXCLUSIVE');
  if (engine.pragma('page_count') === 0) {
    // Lets deleted room go back to the file system when the disk was full.
    // Only a file without any page takes this setting, so it comes first.
    engine.pragma('auto_vacuum = INCREMENTAL');
    engine.pragma(`application_id = ${APPLICATION_ID}`);
  } else if (engine.pragma('application_id') !== APPLICATION_ID) {
    throw corrupt(engine.file, 'another program made it');
  }
  engine.pragma('journal_mode = WAL');
  engine.pragma('synchronous = FULL');
  engine.pragma('cache_size = -65536');
  engine.exec("ATTACH ':memory:' AS ram");
}

/** What a process wrote that died before its sync: found here it counts as committed, so it must be on the disk. */
function syncRemains(file: string): void {
  const wal = `${file}-wal`;
  if (existsSync(wal)) syncPath(wal);
}

/** What SQLite would take for a new database and write over. */
function refuseRemains(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    // SQLite would delete it, and with it what was committed last.
    const wal = statSync(`${file}-wal`, { throwIfNoEntry: false });
    if (wal !== undefined && wal.size > 0) {
      throw corrupt(file, 'the file is gone, but its -wal file is there');
    }
  } else if (found.size > 0 && found.size < SMALLEST_BYTES) {
    throw corrupt(file, `it has only ${found.size} bytes`);
  }
}
