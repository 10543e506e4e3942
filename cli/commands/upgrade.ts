/** `strowger upgrade`: a running server takes over this program's code for its users, without closing a connection. */
import type { Command } from 'commander';
import { programFile } from '../../server/isolates/program-file.ts';
import { administer, withServer, type AdministerOptions } from '../administer.ts';
import { count } from '../arguments.ts';
import { printJson } from '../output.ts';
import { programDirectory } from '../server-files.ts';

interface Options extends AdministerOptions {
  readonly isolates?: number;
}

export function defineUpgrade(command: Command): void {
  withServer(command)
    .option('--isolates <n>', 'how many isolates there shall be (default: as many as now)', count)
    .action(upgrade);
}

async function upgrade({ isolates, ...options }: Options): Promise<void> {
  const body = {
    entry: programFile(programDirectory(options.data)),
    ...(isolates === undefined ? {} : { isolates }),
  };
  await printJson(await administer(options, '/v1/admin/upgrade', body));
}
