/** `strowger serve`: a server in this process, until it is told to stop. */
import { rmSync, writeFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { loadConfig } from '../../server/config/load.ts';
import { flagName } from '../../server/config/naming.ts';
import { optionNames, options, type OptionName } from '../../server/config/options.ts';
import { startServer } from '../../server/start.ts';
import { CommandError } from '../failure.ts';
import { print } from '../output.ts';
import { urlFile } from '../server-files.ts';
import { stopOnSignal } from '../stop-on-signal.ts';

export function defineServe(command: Command): void {
  command.option('--config <file>', 'a TOML file with options');
  for (const name of optionNames) {
    command.addOption(flagOf(name));
    const { short } = options[name];
    if (short !== undefined)
      command.option(`${flagName(short)} <value>`, `Short for ${flagName(name)}.`);
  }
  command.action(serve);
}

/** Each option of the configuration is a flag; the configuration checks what is given. */
function flagOf(name: OptionName): Option {
  const { doc, allowed, default: value, defaultText, isPath } = options[name];
  const shown = defaultText ?? (Array.isArray(value) ? value.join(',') : String(value));
  const kind = isPath ? 'path' : 'value';
  const about = allowed.startsWith('one of')
    ? ` ${allowed[0]?.toUpperCase() ?? ''}${allowed.slice(1)}.`
    : '';
  return new Option(
    `${flagName(name)} <${kind}>`,
    `${doc}${about} (default: ${shown})`.replaceAll('`', ''),
  );
}

async function serve(flags: Record<string, unknown>): Promise<void> {
  const config = loadConfig({ flags, environment: process.env });
  const server = await startServer(config);
  const stopping = stopOnSignal(() => server.stop());
  const file = urlFile(config.dataDirectory);
  writeFileSync(file, `${server.url}\n`);
  await print(`ready ${server.url}`);
  await server.ended;
  rmSync(file, { force: true });
  if (stopping.done === null) throw new CommandError('server_ended');
  await stopping.done;
}
