/** Reads the configuration: defaults, then a TOML file, then the environment, then flags; the later one wins. */
import { resolve } from 'node:path';
import { buildConfig, decide } from './config.ts';
import type { Config, OptionValues } from './config.ts';
import { ConfigError } from './config-error.ts';
import { environmentLayer, fileLayer, flagsLayer } from './layers.ts';
import type { Found, Layer } from './layers.ts';
import { ENVIRONMENT_PREFIX } from './naming.ts';
import { options, optionNames } from './options.ts';
import type { OptionName } from './options.ts';

/** The variable that names the configuration file when `--config` does not. */
const CONFIG_FILE_VARIABLE = `${ENVIRONMENT_PREFIX}CONFIG`;

export interface ConfigSources {
  /** As an argument parser gives them, `config` (the file) among them: `{ port: '8081', config: 'a.toml' }`. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to, except those in a file. */
  readonly cwd?: string;
}

/** One option as it holds. */
export interface Setting {
  readonly name: OptionName;
  /** Undefined when nothing is given and nothing holds instead. */
  readonly value: unknown;
  /** "--port", "STROWGER_PORT", "/etc/strowger.toml"; undefined for a default. */
  readonly origin: string | undefined;
}

/**
 * The configuration from all sources.
 *
 * Throws ConfigError, whose message names the option, the value, where it came from and what is allowed.
 */
export const loadConfig = (sources: ConfigSources = {}): Config => loadSettings(sources).config;

/** The same, with where each value came from, in the order of docs/operations.md. */
export function loadSettings(sources: ConfigSources): {
  readonly config: Config;
  readonly settings: readonly Setting[];
} {
  const cwd = sources.cwd ?? process.cwd();
  const { [CONFIG_FILE_VARIABLE]: fileFromEnvironment, ...environment } = sources.environment ?? {};
  const { config: fileFromFlags, ...flags } = sources.flags ?? {};
  const file = fileFromFlags ?? fileFromEnvironment;
  if (file !== undefined && typeof file !== 'string') {
    throw new ConfigError(`--config takes the path of a file, got ${show(file)}.`);
  }
  const layers: Layer[] = [
    flagsLayer(flags, cwd),
    environmentLayer(environment, cwd),
    ...(file === undefined ? [] : [fileLayer(resolve(cwd, file))]),
  ];
  const found = new Map(optionNames.map(name => [name, firstFound(name, layers)]));
  const values = Object.fromEntries(
    optionNames.map(name => [name, valueOf(name, found.get(name), cwd)]),
  );
  // Each value has passed its option's own schema.
  const decided = decide(values as unknown as OptionValues);
  return {
    config: buildConfig(decided),
    settings: optionNames.map(name => ({
      name,
      value: decided[name],
      origin: found.get(name)?.origin,
    })),
  };
}

function firstFound(name: OptionName, layers: readonly Layer[]): Found | undefined {
  for (const layer of layers) {
    const found = layer.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function valueOf(name: OptionName, found: Found | undefined, cwd: string): unknown {
  const option = options[name];
  if (found === undefined) {
    const value = option.default;
    return option.isPath && typeof value === 'string' ? resolve(cwd, value) : value;
  }
  const parsed = option.schema.safeParse(found.value);
  if (!parsed.success) {
    throw new ConfigError(
      `${name}: ${show(found.value)} (from ${found.origin}) is not allowed; give ${option.allowed}.`,
      { cause: parsed.error },
    );
  }
  return option.isPath ? resolve(found.base, parsed.data as string) : parsed.data;
}

/** A value in a message; JSON has no words for some of what TOML can hold. */
function show(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return JSON.stringify(value);
}
