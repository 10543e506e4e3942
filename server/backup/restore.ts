/** Putting a backup into the place of a stopped server's data. */
import { existsSync } from 'node:fs';
import { restoreShard } from '../../storage/shard/restore.ts';
import { makeDirectory } from '../../storage/make-directory.ts';
import { shardCount, shardFile } from '../data-directory.ts';
import { StartError } from '../start-error.ts';

/**
 * Restores every shard of the backup and begins a new era, by which devices learn to offer again what the copy does
 * not know. The data directory may be empty or hold an older or newer state, which is kept beside each file.
 *
 * @returns the new era
 * @throws StartError, StorageError: a running server, an incomplete or damaged backup; then nothing was changed
 */
export async function restore(dataDirectory: string, backupDirectory: string): Promise<number> {
  if (!existsSync(shardFile(backupDirectory, 0)))
    throw new StartError(
      'no_backup',
      `${backupDirectory} holds no backup: name a folder with shard-0.db in it, as \`strowger backup\` prints it.`,
    );
  const shards = shardCount(backupDirectory, 1);
  makeDirectory(dataDirectory);
  const present = shardCount(dataDirectory, shards);
  if (present !== shards)
    throw new StartError(
      'schema_mismatch',
      `The backup has ${shards} shards, ${dataDirectory} has ${present}: restore it into a new directory.`,
    );
  const era = Date.now();
  for (let shard = 0; shard < shards; shard++)
    await restoreShard({
      file: shardFile(dataDirectory, shard),
      source: shardFile(backupDirectory, shard),
      era,
    });
  return era;
}
