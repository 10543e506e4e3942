/**
 * Users that are in the data directory before its server starts, put there by the store's own commands: a million of
 * them in a minute, where registering over HTTP would take an hour.
 */
import { nodeCrypto } from '../protocol/crypto/node.ts';
import type { KeyPair } from '../protocol/crypto/backend.ts';
import type { Identity } from '../protocol/device/identity.ts';
import { deviceId, type UserId } from '../protocol/ids.ts';
import { shardOf } from '../protocol/shard.ts';
import { makeDirectory } from '../storage/make-directory.ts';
import { shardFile } from '../server/data-directory.ts';
import { openShard } from '../storage/shard/sqlite-shard.ts';

export const preparedUser = (index: number): UserId => `u${index}` as UserId;

const batch = 2_000;

/**
 * Registers `u0`, `u1` … in a data directory that no server has open; it may hold some of them already.
 * @param keyOf the key pair of each: {@link keyPairs}, or {@link sharedKey}
 */
export async function prepareUsers(
  directory: string,
  count: number,
  shards: number,
  keyOf: (index: number) => KeyPair,
): Promise<void> {
  makeDirectory(directory);
  const stores = Array.from({ length: shards }, (_, shard) =>
    openShard({ file: shardFile(directory, shard), shard, shards }),
  );
  const at = Date.now();
  try {
    for (let from = 0; from < count; from += batch) {
      const indexes = Array.from({ length: Math.min(batch, count - from) }, (_, i) => from + i);
      for (const store of stores) {
        const commands = indexes
          .filter(index => shardOf(preparedUser(index), shards) === store.shard)
          .map(index => ({
            kind: 'register' as const,
            user: preparedUser(index),
            key: keyOf(index).publicKey,
            at,
          }));
        if (commands.length > 0) await store.commit(commands);
      }
    }
  } finally {
    for (const store of stores) store.close();
  }
}

/** The first devices of `u<from>` … as clients of a server. */
export const preparedIdentities = (
  server: string,
  from: number,
  count: number,
  keyOf: (index: number) => KeyPair,
): Identity[] =>
  Array.from({ length: count }, (_, i) => {
    const user = preparedUser(from + i);
    return { server, user, device: deviceId(user, 1), ...keyOf(from + i), retired: false };
  });

/** One key pair for all users: for where nobody else logs in. */
export async function sharedKey(): Promise<() => KeyPair> {
  const keys = await nodeCrypto.generateKeyPair();
  return () => keys;
}

/** Key pairs, made a few at a time. */
export async function keyPairs(count: number): Promise<KeyPair[]> {
  const keys: KeyPair[] = [];
  while (keys.length < count)
    keys.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(100, count - keys.length) }, () =>
          nodeCrypto.generateKeyPair(),
        ),
      )),
    );
  return keys;
}
