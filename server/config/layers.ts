/** Where option values come from. Each layer says what it holds and where each value was found, for messages. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { ConfigError } from './config-error.ts';
import { byEnvironmentName, byFlagKey, byName, ENVIRONMENT_PREFIX, flagName } from './naming.ts';
import { options, optionNames } from './options.ts';
import type { OptionName } from './options.ts';
import { nearest } from './suggestion.ts';

export interface Found {
  readonly value: unknown;
  /** "STROWGER_PORT", "--port", "/etc/strowger.toml". */
  readonly origin: string;
  /** What a relative path is relative to. */
  readonly base: string;
}

export type Layer = ReadonlyMap<OptionName, Found>;

/** One place says each thing once. @throws ConfigError when an option has been given under its other name already */
function add(layer: Map<OptionName, Found>, name: OptionName, found: Found): void {
  const { origin } = layer.get(name) ?? {};
  if (origin !== undefined) {
    throw new ConfigError(`${name} is given twice, by ${origin} and ${found.origin}: keep one.`);
  }
  layer.set(name, found);
}

/** @param flags as an argument parser gives them: `{ tlsKey: 'key.pem' }`; undefined values are not given */
export function flagsLayer(flags: Readonly<Record<string, unknown>>, cwd: string): Layer {
  const layer = new Map<OptionName, Found>();
  for (const [key, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const name = byFlagKey.get(key);
    if (name === undefined) throw unknown(`flag "${key}"`, nearest(key, byFlagKey.keys()));
    const origin = flagName(key.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`));
    add(layer, name, { value: fromText(name, value), origin, base: cwd });
  }
  return layer;
}

/**
 * Variables that begin with STROWGER_. One that is nearly an option's name is refused; others may belong to
 * other commands of the same family and are left alone.
 */
export function environmentLayer(
  environment: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Layer {
  const layer = new Map<OptionName, Found>();
  for (const [key, value] of Object.entries(environment)) {
    if (!key.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue;
    const name = byEnvironmentName.get(key);
    if (name === undefined) {
      const meant = nearestVariable(key);
      if (meant !== undefined) throw unknown(`environment variable "${key}"`, meant);
    } else {
      add(layer, name, { value: fromText(name, value), origin: key, base: cwd });
    }
  }
  return layer;
}

/** Without the common prefix, which would make every name look alike. */
function nearestVariable(key: string): string | undefined {
  const rest = (name: string) => name.slice(ENVIRONMENT_PREFIX.length);
  const meant = nearest(rest(key), [...byEnvironmentName.keys()].map(rest));
  return meant === undefined ? undefined : ENVIRONMENT_PREFIX + meant;
}

/** A TOML file. */
export function fileLayer(file: string): Layer {
  const layer = new Map<OptionName, Found>();
  const base = dirname(file);
  const collect = (table: Readonly<Record<string, unknown>>, prefix: string): void => {
    for (const [key, value] of Object.entries(table)) {
      const path = prefix + key;
      const name = byName.get(path);
      if (isTable(value) && optionNames.some(other => other.startsWith(`${path}.`))) {
        collect(value, `${path}.`);
      } else if (name === undefined) {
        throw unknown(`option "${path}" in ${file}`, nearest(path, byName.keys()));
      } else add(layer, name, { value, origin: file, base });
    }
  };
  collect(readToml(file), '');
  return layer;
}

function readToml(file: string): Readonly<Record<string, unknown>> {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : (code ?? String(cause));
    throw new ConfigError(`The configuration file ${file} cannot be read: ${why}.`, { cause });
  }
  try {
    return parse(content);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what = ''] = cause.message.split('\n');
    throw new ConfigError(`${file}, line ${cause.line}, column ${cause.column}: ${what}.`, {
      cause,
    });
  }
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const fromText = (name: OptionName, value: unknown): unknown =>
  typeof value === 'string' ? options[name].fromText(value) : value;

const unknown = (what: string, meant: string | undefined): ConfigError =>
  new ConfigError(
    `There is no ${what}. ${meant === undefined ? 'docs/operations.md lists the options.' : `Did you mean "${meant}"?`}`,
  );
