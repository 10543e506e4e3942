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

export function defineServe(command: Command): void {
  command.option('--config <file>', 'a TOML file with options');
  for (const name of optionNames) command.addOption(flagOf(name));
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
  // The home of a device is no option of the server, though its name is close to one.
  const { STROWGER_HOME: _home, ...environment } = process.env;
  const config = loadConfig({ flags, environment });
  const server = await startServer(config);
  const stopping = stopOnSignal(() => server.stop());
  const file = urlFile(config.dataDirectory);
  writeFileSync(file, `${server.url}\n`);
  await print(`ready ${server.url}`);
  await server.ended;
  rmSync(file, { force: true });
  if (!stopping.begun) throw new CommandError('server_ended');
  await stopping.done;
}

/** A signal repeated sooner comes from the same key: npm passes on what the terminal has already sent to all. */
const sameKeyMs = 500;

/** The first SIGTERM or SIGINT stops the server in good order, the next one at once. */
function stopOnSignal(stop: () => Promise<void>): { begun: boolean; done: Promise<void> } {
  const stopping = { begun: false, done: Promise.resolve() };
  let begunAt = 0;
  const onSignal = (_signal: NodeJS.Signals, number: number): void => {
    if (!stopping.begun) {
      stopping.begun = true;
      begunAt = performance.now();
      stopping.done = stop();
    } else if (performance.now() - begunAt > sameKeyMs) process.exit(128 + number);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  return stopping;
}
