/** The embedded shard: one SQLite file, one writer, through Mnesia-like tables. */
import { limits as defaults } from '../../protocol/limits.ts';
import { bodies } from '../mailboxes/tables.ts';
import { openDatabase, type Database } from '../mnesia/database.ts';
import { carryOut } from './carry-out.ts';
import { freesSpace, type Command, type Committed, type ShardStore } from './contract.ts';
import { openFacts } from './facts.ts';
import { migrations } from './migrations.ts';
import { SCHEMA_VERSION, tables } from './tables.ts';
import { newCaches, Work, type ShardLimits, type ShardCaches } from './work.ts';

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
}

/** @throws StorageError when the file cannot be opened as this shard; the sentence says what to do */
export const openShard = (options: ShardOptions): ShardStore => new SqliteShard(options);

class SqliteShard implements ShardStore {
  readonly shard: number;
  readonly shards: number;
  readonly era: number;
  private readonly database: Database;
  private readonly limits: ShardLimits;
  private readonly caches: ShardCaches;

  constructor({ shard, shards, limits, ...place }: ShardOptions) {
    this.shard = shard;
    this.shards = shards;
    this.limits = { ...defaults, ...limits };
    this.database = openDatabase({
      ...place,
      tables,
      migrations,
      schemaVersion: SCHEMA_VERSION,
    });
    try {
      this.era = openFacts(this.database, { shard, shards, file: this.database.file });
      this.caches = newCaches(this.database.dirty.last(bodies)?.id ?? 0);
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
          work?.abandon();
          const begun = (work = new Work(tx, this.caches, place, this.limits));
          const done = commands.map(command => carryOut(begun, this.era, command));
          begun.flush();
          return done;
        },
        { frees },
      );
      if (work === undefined) throw new Error('the transaction ran no body');
      work.keep();
      return { outcomes, appended: work.appended, links: work.links };
    } catch (error) {
      work?.abandon();
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
