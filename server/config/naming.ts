/** How an option is called where: `tls.key` in the file, `STROWGER_TLS_KEY`, `--tls-key`, `tlsKey` from the parser. */
import { options, optionNames } from './options.ts';
import type { OptionName } from './options.ts';

export const ENVIRONMENT_PREFIX = 'STROWGER_';

export const environmentName = (name: string): string =>
  ENVIRONMENT_PREFIX + name.replaceAll('.', '_').toUpperCase();

export const flagName = (name: string): string => `--${name.replaceAll(/[._]/g, '-')}`;

/** The key under which an argument parser hands over the flag's value. */
export const flagKey = (name: string): string =>
  name.replaceAll(/[._]([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Finds an option by what it is called in one place; its short name is good everywhere. */
const indexBy = (nameOf: (name: string) => string): ReadonlyMap<string, OptionName> =>
  new Map(
    optionNames.flatMap(name =>
      [name, options[name].short]
        .filter(each => each !== undefined)
        .map(each => [nameOf(each), name] as const),
    ),
  );

export const byName = indexBy(name => name);
export const byEnvironmentName = indexBy(environmentName);
export const byFlagKey = indexBy(flagKey);
