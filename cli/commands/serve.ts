/** `strowger serve`: a server in this process, until it is told to stop. */
import { rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../../server/config/load.ts';
import { startServer } from '../../server/start.ts';
import { CommandError } from '../failure.ts';
import { print } from '../output.ts';
import { programDirectory, urlFile } from '../server-files.ts';
import { addServerFlags } from '../server-flags.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { version } from '../version.ts';

export function defineServe(command: Command): void {
  addServerFlags(command);
  command.action(serve);
}

async function serve(flags: Record<string, unknown>): Promise<void> {
  const config = loadConfig({ flags, environment: process.env });
  const server = await startServer(config, version);
  // Of the server before this one, which was upgraded; the directory is this one's now.
  rmSync(programDirectory(config.dataDirectory), { recursive: true, force: true });
  const stopping = stopOnSignal(() => server.stop());
  process.on('SIGHUP', () => {
    if (config.tls !== undefined) void server.renewTls();
    if (config.handlers !== undefined) void server.reloadHandlers();
  });
  const file = urlFile(config.dataDirectory);
  writeFileSync(file, `${server.url}\n`);
  await print(`ready ${server.url}`);
  await server.ended;
  rmSync(file, { force: true });
  if (stopping.done === null) throw new CommandError('server_ended');
  await stopping.done;
}
