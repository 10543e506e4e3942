/** The server's options as flags, of `serve` and of `config`. */
import { Option, type Command } from 'commander';
import { flagName } from '../server/config/naming.ts';
import { yesOrNo } from '../server/config/option.ts';
import { optionNames, options, type OptionName } from '../server/config/options.ts';

export function addServerFlags(command: Command): void {
  command.option('--config <file>', 'a TOML file with options');
  for (const name of optionNames) {
    command.addOption(flagOf(name));
    const { short } = options[name];
    if (short !== undefined)
      command.option(`${flagName(short)} <value>`, `Short for ${flagName(name)}.`);
  }
}

/** Each option of the configuration is a flag; the configuration checks what is given. */
function flagOf(name: OptionName): Option {
  const { doc, allowed, default: value, defaultText, isPath } = options[name];
  const shown = defaultText ?? (Array.isArray(value) ? value.join(',') : String(value));
  const kind = isPath ? 'path' : 'value';
  const about = allowed.startsWith('one of')
    ? ` ${allowed[0]?.toUpperCase() ?? ''}${allowed.slice(1)}.`
    : '';
  const description = `${doc}${about} (default: ${shown})`.replaceAll('`', '');
  // What is true or false is true when it is only named.
  if (allowed === yesOrNo)
    return new Option(`${flagName(name)} [value]`, description).preset('true');
  return new Option(`${flagName(name)} <${kind}>`, description);
}
