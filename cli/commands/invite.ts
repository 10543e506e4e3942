/** `strowger invite`: a code with which somebody may register. For the server's host, who can read its data directory. */
import type { Command } from 'commander';
import { administer, withServer, type AdministerOptions } from '../administer.ts';
import { count } from '../arguments.ts';
import { printJson } from '../output.ts';

interface InviteOptions extends AdministerOptions {
  readonly uses: number;
  readonly days: number;
}

export function defineInvite(command: Command): void {
  withServer(command)
    .option('--uses <number>', 'how many may register with the code', count, 1)
    .option('--days <number>', 'how long the code is good', count, 7)
    .action(invite);
}

async function invite({ uses, days, ...options }: InviteOptions): Promise<void> {
  await printJson(await administer(options, '/v1/admin/invites', { uses, days }));
}
