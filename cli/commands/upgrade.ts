/** `strowger upgrade`: a running server takes over this program's code for its users, without closing a connection. */
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { workerEntry } from '../../server/isolates/worker-entry.ts';
import { administer, withServer, type AdministerOptions } from '../administer.ts';
import { count } from '../arguments.ts';
import { printJson } from '../output.ts';

interface Options extends AdministerOptions {
  readonly isolates?: number;
}

export function defineUpgrade(command: Command): void {
  withServer(command)
    .option('--isolates <n>', 'how many isolates there shall be (default: as many as now)', count)
    .action(upgrade);
}

async function upgrade({ isolates, ...options }: Options): Promise<void> {
  const entry = workerEntry();
  const body = {
    entry: entry instanceof URL ? fileURLToPath(entry) : entry,
    ...(isolates === undefined ? {} : { isolates }),
  };
  await printJson(await administer(options, '/v1/admin/upgrade', body));
}
