/** The embedded shard: one SQLite file, one writer, through Mnesia-like tables. */
import { limits as defaults } from '../../protocol/limits.ts';
import { journalLimits, type JournalLimits } from '../mailboxes/journal-state.ts';
import { openDatabase, type Database } from '../mnesia/database.ts';
import { TableReader } from '../mnesia/table-reader.ts';
import { loadCaches, type ShardCaches } from './caches.ts';
import { carryOut } from './carry-out.ts';
import { freesSpace, type Command, type Committed, type ShardStore } from './contract.ts';
import { openFacts } from './facts.ts';
import { migrations } from './migrations.ts';
import { SCHEMA_VERSION, tables } from './tables.ts';
import { Work, type ShardLimits } from './work.ts';

export interface ShardOptions {
  /** The shard's file; undefined keeps it in memory, for tests. */
  readonly file?: string;
  readonly shard: number;
  readonly shards: number;
  readonly limits?: Partial<ShardLimits>;
  /** A limit for the file, in pages of 4,096 bytes. */
  readonly maxPages?: number;
  /** Room kept for giving space back on a full disk; see Mnesia's. */
  readonly reserveBytes?: number;
  readonly journal?: Partial<JournalLimits>;
}

/** @throws StorageError when the file cannot be opened as this shard; the sentence says what to do */
export const openShard = (options: ShardOptions): ShardStore => new SqliteShard(options);

class SqliteShard implements ShardStore {
  readonly shard: number;
  readonly shards: number;
  readonly era: number;
  readonly tables: TableReader;
  private readonly database: Database;
  private readonly limits: ShardLimits;
  private readonly journal: JournalLimits;
  /** Undefined after a batch that failed: what it changed is read back. */
  private caches: ShardCaches | undefined;

  constructor({ shard, shards, limits, journal, ...place }: ShardOptions) {
    this.shard = shard;
    this.shards = shards;
    const { bytes, settledAtOnce } = { ...journalLimits, ...journal };
    // On a full disk what the journal holds must go into the tables by the reserve's room.
    const room = (place.reserveBytes ?? Infinity) / 4;
    this.journal = { bytes: Math.min(bytes, room), settledAtOnce };
    this.limits = { ...defaults, ...limits };
    this.database = openDatabase({
      ...place,
      tables,
      migrations,
      schemaVersion: SCHEMA_VERSION,
    });
    try {
      this.era = openFacts(this.database, { shard, shards, file: this.database.file });
      this.caches = loadCaches(this.database.dirty, this.journal);
      this.tables = new TableReader(this.database, tables);
      this.database.deferSync();
    } catch (error) {
      // Or its file would stay locked.
      this.database.close();
      throw error;
    }
  }

  get full(): boolean {
    return this.database.full;
  }

  async commit(commands: readonly Command[]): Promise<Committed> {
    const frees = commands.every(command => freesSpace[command.kind]);
    const place = { shard: this.shard, shards: this.shards };
    let work: Work | undefined;
    try {
      const outcomes = this.database.transaction(
        tx => {
          // The second attempt, after a disk was found full: see Mnesia's transactions that free room.
          if (work !== undefined) this.caches = undefined;
          this.caches ??= loadCaches(tx, this.journal);
          const begun = (work = new Work(tx, this.caches, place, this.limits));
          // What is given back must be room on the disk, not a word in the journal.
          if (this.database.full) begun.settlesAll = true;
          const done = commands.map(command => carryOut(begun, this.era, command));
          begun.flush();
          return done;
        },
        { frees },
      );
      if (work === undefined) throw new Error('the transaction ran no body');
      work.keep();
      await this.database.sync();
      return { outcomes, appended: work.appended, links: work.links };
    } catch (error) {
      if (work !== undefined) this.caches = undefined;
      throw error;
    }
  }

  async backup(file: string): Promise<void> {
    await this.database.backup(file);
  }

  close(): void {
    this.database.close();
  }
}
