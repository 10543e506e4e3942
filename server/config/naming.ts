/** How an option is called where: `tls.key` in the file, `STROWGER_TLS_KEY`, `--tls-key`, `tlsKey` from the parser. */
import { optionNames } from './options.ts';
import type { OptionName } from './options.ts';

export const ENVIRONMENT_PREFIX = 'STROWGER_';

export const environmentName = (name: OptionName): string =>
  ENVIRONMENT_PREFIX + name.replaceAll('.', '_').toUpperCase();

export const flagName = (name: OptionName): string => `--${name.replaceAll(/[._]/g, '-')}`;

/** The key under which an argument parser hands over the flag's value. */
export const flagKey = (name: OptionName): string =>
  name.replaceAll(/[._]([a-z])/g, (_, letter: string) => letter.toUpperCase());

const indexBy = (key: (name: OptionName) => string): ReadonlyMap<string, OptionName> =>
  new Map(optionNames.map(name => [key(name), name]));

export const byEnvironmentName = indexBy(environmentName);
export const byFlagKey = indexBy(flagKey);
