/**
 * Backups of a running server: one consistent cut over all shards. With several shards commits are held while their
 * files are copied, because a message and the link row that carries it on must be in the same cut; with one they go on.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { call } from '../../actors/index.ts';
import { shardFile } from '../data-directory.ts';
import { storeAt } from '../isolates/shard-map.ts';

export type BackupResult =
  | { readonly kind: 'done'; readonly directory: string; readonly shards: number }
  | { readonly kind: 'failed'; readonly message: string };

const HOLD_MS = 60_000;

/** @param dataDirectory the backup is made in `backups/<time>` of it */
export async function backup(dataDirectory: string, shards: number): Promise<BackupResult> {
  const time = new Date().toISOString().replaceAll(':', '-');
  const directory = join(dataDirectory, 'backups', time);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stores = Array.from({ length: shards }, (_, shard) => storeAt(shard));
  const several = shards > 1;
  if (several)
    await Promise.all(stores.map(store => call(store, { kind: 'hold', withinMs: HOLD_MS })));
  const answers = await Promise.all(
    stores.map((store, shard) =>
      call(store, { kind: 'backup', file: shardFile(directory, shard) }, Infinity),
    ),
  );
  const held = await Promise.all(stores.map(store => call(store, { kind: 'release' })));
  const failure = answers.find(answer => answer !== 'ok');
  const late = several && held.includes(false);
  if (failure === undefined && !late) return { kind: 'done', directory, shards };
  rmSync(directory, { recursive: true });
  return {
    kind: 'failed',
    message:
      failure === undefined
        ? `The copy took longer than ${HOLD_MS / 1000} seconds, for which commits can be held: nothing was kept.`
        : failure.error,
  };
}
