/** `strowger invite`: a code with which somebody may register. For the server's host, who can read its data directory. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { askHttp } from '../../client/http.ts';
import { count, serverUrl } from '../arguments.ts';
import { CommandError } from '../failure.ts';
import { printJson } from '../output.ts';
import { tokenFile, urlFile } from '../server-files.ts';

interface InviteOptions {
  readonly data: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly uses: number;
  readonly days: number;
}

export function defineInvite(command: Command): void {
  command
    .option('--data <dir>', 'the data directory of the server that runs on this machine', 'data')
    .option('--server <url>', 'where the server is, when it runs elsewhere', serverUrl)
    .option('--token-file <file>', 'a copy of its admin token')
    .option('--uses <number>', 'how many may register with the code', count, 1)
    .option('--days <number>', 'how long the code is good', count, 7)
    .action(invite);
}

async function invite({ data, server, uses, days, ...options }: InviteOptions): Promise<void> {
  const token = firstLine(options.tokenFile ?? tokenFile(data), 'no_admin_token');
  const answer = await askHttp({
    server: server ?? firstLine(urlFile(data), 'no_server'),
    method: 'POST',
    path: '/v1/admin/invites',
    headers: { authorization: `Bearer ${token}` },
    body: { uses, days },
  });
  await printJson(answer);
}

function firstLine(file: string, code: 'no_admin_token' | 'no_server'): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CommandError(code, undefined, { cause });
  }
}
