/** Opens the file: looks at it before SQLite does, takes the lock, sets the pragmas. */
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Engine } from './engine.ts';
import { corrupt } from './sqlite-errors.ts';

export const DATABASE_FILE = 'strowger.db';
/** "Strw": tells our files from other SQLite files (PRAGMA application_id). */
const APPLICATION_ID = 0x53747277;
const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

export interface EngineOptions {
  readonly directory?: string;
  readonly file?: string;
}

/**
 * Costs the same for a large file as for a small one; only what the last process left in the WAL
 * is read. Throws StorageError `corrupt`, `locked` or `io`.
 */
export function openEngine(options: EngineOptions): Engine {
  const file = databaseFile(options);
  const inMemory = file === ':memory:';
  if (!inMemory) {
    mkdirSync(dirname(file), { recursive: true });
    inspect(file);
  }
  const engine = new Engine(file);
  try {
    configure(engine);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}

function databaseFile({ directory, file }: EngineOptions): string {
  if (file !== undefined) return file;
  return directory === undefined ? ':memory:' : join(directory, DATABASE_FILE);
}

function configure(engine: Engine): void {
  // With this lock SQLite keeps the WAL's index in memory and nobody else gets in.
  engine.pragma('locking_mode = EXCLUSIVE');
  if (engine.pragma('schema_version') === 0) {
    // Lets deleted room go back to the file system when the disk was full.
    // Only a file without any page takes this setting, so it comes first.
    engine.pragma('auto_vacuum = INCREMENTAL');
    engine.pragma(`application_id = ${APPLICATION_ID}`);
  }
  engine.pragma('journal_mode = WAL');
  engine.pragma('synchronous = FULL');
  engine.pragma('cache_size = -65536');
  engine.exec("ATTACH ':memory:' AS ram");
}

/** A file that is not ours must not be opened: SQLite would write into it. */
function inspect(file: string): void {
  if (!existsSync(file)) {
    const wal = `${file}-wal`;
    if (existsSync(wal) && statSync(wal).size > 0) {
      throw corrupt(file, 'the file is gone, but its -wal file is there');
    }
    return;
  }
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, header, 0, HEADER_BYTES, 0);
  closeSync(descriptor);
  // A process that died while making the database leaves an empty file.
  if (length === 0) return;
  if (length < HEADER_BYTES || header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw corrupt(file, 'it has no SQLite header');
  }
  if (header.readUInt32BE(APPLICATION_ID_OFFSET) !== APPLICATION_ID) {
    throw corrupt(file, 'another program made it');
  }
}
