/** Administrative requests: who can read the data directory may make them. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { askHttp } from '../client/http.ts';
import { serverUrl } from './arguments.ts';
import { CommandError } from './failure.ts';
import { tokenFile, urlFile } from './server-files.ts';

export interface AdministerOptions {
  readonly data: string;
  readonly server?: string;
  readonly tokenFile?: string;
}

/** Adds the options that say which server is meant and what proves the right. */
export const withServer = (command: Command): Command =>
  command
    .option('--data <dir>', 'the data directory of the server that runs on this machine', 'data')
    .option('--server <url>', 'where the server is, when it runs elsewhere', serverUrl)
    .option('--token-file <file>', 'its admin token, or a copy; needed with --server');

/**
 * Where the server is, and what proves the right. The token of a data directory goes to no other server than its own:
 * who runs that other one could do everything with it.
 * @throws CommandError
 */
export function findServer({ data, server, ...options }: AdministerOptions): {
  readonly server: string;
  readonly token: string;
} {
  if (options.tokenFile !== undefined) {
    const token = readToken(options.tokenFile);
    return { token, server: server ?? ownServer(data) };
  }
  const token = readToken(tokenFile(data));
  if (server === undefined) return { token, server: ownServer(data) };
  if (!existsSync(urlFile(data)) || !isSame(server, ownServer(data)))
    throw new CommandError(
      'no_admin_token',
      `The admin token in ${resolve(data)} is not shown to ${server}, which is not known as that directory's own server: name the file of that server's token with --token-file.`,
    );
  return { token, server };
}

/**
 * Asks with what is in the body, or without one for what there is.
 * @throws (rejects) CommandError, and ClientError for what the server answers
 */
export async function administer(
  options: AdministerOptions,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { server, token } = findServer(options);
  return askHttp({
    server,
    method: body === undefined ? 'GET' : 'POST',
    path,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body }),
  });
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CommandError(
      'no_admin_token',
      `The admin token cannot be read from ${resolve(file)} (${(cause as Error).message}): name its file with --token-file, or the data directory with --data.`,
      { cause },
    );
  }
}

/** The server that runs on the data directory. */
function ownServer(data: string): string {
  try {
    return readFileSync(urlFile(data), 'utf8').trim();
  } catch (cause) {
    throw new CommandError('no_server', undefined, { cause });
  }
}

/** This machine by another name is the same server. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  const here = (url: URL): boolean => THIS_MACHINE.has(url.hostname);
  return (
    a.protocol === b.protocol &&
    a.port === b.port &&
    (a.hostname === b.hostname || (here(a) && here(b)))
  );
}

/** `serve` prints the address that it listens on, which may be all of them. */
const THIS_MACHINE: ReadonlySet<string> = new Set([
  ...['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]'],
]);
