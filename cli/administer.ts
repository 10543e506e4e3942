/** Administrative requests: who can read the data directory may make them. */
import { readFileSync } from 'node:fs';
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
    .option('--token-file <file>', 'a copy of its admin token');

/** Where the server is, and what proves the right. @throws CommandError */
export function findServer({ data, server, ...options }: AdministerOptions): {
  readonly server: string;
  readonly token: string;
} {
  const token = firstLine(options.tokenFile ?? tokenFile(data), 'no_admin_token');
  return { token, server: server ?? firstLine(urlFile(data), 'no_server') };
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

function firstLine(file: string, code: 'no_admin_token' | 'no_server'): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CommandError(code, undefined, { cause });
  }
}
