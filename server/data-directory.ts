/** What is where in the data directory, and what is made on the first start. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const shardFile = (directory: string, shard: number): string =>
  join(directory, `shard-${shard}.db`);

/** How many shards the directory was made with; `wanted` when it is new. */
export function shardCount(directory: string, wanted: number): number {
  const found = readdirSync(directory).filter(name => /^shard-\d+\.db$/.test(name)).length;
  return found === 0 ? wanted : found;
}

const SECRET_BYTES = 32;

/** The secret that resume tickets are signed with; kept, so that tickets outlive a restart. */
export function ensureTicketSecret(directory: string): Uint8Array {
  const file = join(directory, 'ticket-secret');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(SECRET_BYTES), { mode: 0o600, flag: 'wx', flush: true });
  }
  chmodSync(file, 0o600);
  const secret = readFileSync(file);
  if (secret.length === SECRET_BYTES) return secret;
  throw new Error(`${file} does not hold a ticket secret: remove it, and a new one is made.`);
}
