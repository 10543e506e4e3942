/** `strowger backup` copies a running server's data, `strowger restore` puts a copy into a stopped server's place. */
import type { Command } from 'commander';
import { restore } from '../../server/backup/restore.ts';
import { administer, withServer, type AdministerOptions } from '../administer.ts';
import { printJson } from '../output.ts';

export function defineBackup(command: Command): void {
  withServer(command).action(backup);
}

async function backup(options: AdministerOptions): Promise<void> {
  await printJson(await administer(options, '/v1/admin/backup', {}));
}

export function defineRestore(command: Command): void {
  command
    .requiredOption('--from <dir>', 'the folder that `strowger backup` has printed')
    .option('--data <dir>', 'the data directory of the stopped server, or a new one', 'data')
    .action(putBack);
}

async function putBack({ from, data }: { from: string; data: string }): Promise<void> {
  await printJson({ data, era: await restore(data, from) });
}
