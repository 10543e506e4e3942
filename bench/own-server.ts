/** A server of the bench's own on a directory with users in it; it is ended and the directory removed, however the work ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startServerProcess,
  type ServerProcess,
  type ServerProcessOptions,
} from '../lab/server-process.ts';
import type { KeyPair } from '../protocol/crypto/backend.ts';
import { serverFlags, shardsFor } from './options.ts';
import { prepareUsers } from './prepared-users.ts';

export interface OwnServerOptions {
  /** How many users are registered before it starts. */
  readonly users: number;
  /** With these users in it already, by {@link prepareUsers}: it stays. Else a temporary one is made. */
  readonly directory?: string;
  readonly keyOf: (index: number) => KeyPair;
  readonly isolates: number | undefined;
  /** Without it: the server's default. */
  readonly shards?: number;
  readonly process?: Pick<ServerProcessOptions, 'nodeFlags' | 'onLog' | 'serve'>;
}

export async function withServer<T>(
  {
    users,
    keyOf,
    isolates,
    shards = shardsFor(isolates),
    process,
    directory: prepared,
  }: OwnServerOptions,
  work: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const directory = prepared ?? (await mkdtemp(join(tmpdir(), 'strowger-bench-')));
  let server: ServerProcess | null = null;
  try {
    if (prepared === undefined) await prepareUsers(directory, users, shards, keyOf);
    const flags = { ...serverFlags(isolates), shards };
    server = await startServerProcess({ ...process, directory, flags });
    return await work(server);
  } finally {
    await server?.end();
    if (prepared === undefined) await rm(directory, { recursive: true, force: true });
  }
}
