/** What a shard's file knows of itself. */
import type { Database } from '../mnesia/database.ts';
import { defineTable } from '../mnesia/schema.ts';
import { StorageError } from '../mnesia/storage-error.ts';

interface FactRecord {
  name: 'shard' | 'shards' | 'era';
  value: number;
}

export const facts = defineTable<FactRecord>({
  name: 'facts',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { name: 'text', value: 'integer' },
  key: ['name'],
});

/**
 * Checks that the file is the shard that it is opened as; a new file becomes it.
 *
 * @returns the era: when the file was made or restored, in milliseconds since 1970
 */
export function openFacts(
  database: Database,
  expected: { readonly shard: number; readonly shards: number; readonly file: string },
): number {
  return database.transaction(tx => {
    const era = tx.read(facts, 'era');
    if (era === undefined) {
      tx.write(facts, { name: 'shard', value: expected.shard });
      tx.write(facts, { name: 'shards', value: expected.shards });
      const value = Date.now();
      tx.write(facts, { name: 'era', value });
      return value;
    }
    for (const name of ['shard', 'shards'] as const) {
      const found = tx.read(facts, name)?.value;
      if (found !== expected[name])
        throw new StorageError(
          'schema_mismatch',
          `${expected.file} has ${name} = ${found ?? 'nothing'}, expected ${expected[name]}: start the server with the data directory as it was made.`,
        );
    }
    return era.value;
  });
}

/** Gives a restored file a new era, so that devices offer again what the copy does not know. */
export function beginEra(database: Database, era: number): void {
  database.transaction(tx => {
    tx.write(facts, { name: 'era', value: era });
  });
}
