/**
 * Looking at the registries of this isolate as an observer does: which there are, and all of their keys. Nothing is asked
 * of anybody, and of a hundred thousand keys only as many are gone through as somebody takes.
 */
import type { Name, Pid } from '../pid.ts';
import { processOf } from '../process-table.ts';
import type { Process } from '../process.ts';
import { identityOf, identityText } from './key.ts';
import { everyTable } from './table.ts';
import type { RegistryKeys } from './table.ts';

/** A running registry. */
export interface RegistryLook {
  readonly name: Name;
  readonly keys: RegistryKeys;
  /** The registry's own process. */
  readonly pid: Pid;
  /** How many entries it has. */
  readonly total: number;
}

/** One process under one key. */
export interface KeyGlance {
  readonly registry: Name;
  /** The key in one line: `alice`, `42`, `["user",7]`. */
  readonly text: string;
  readonly pid: Pid;
  /** What reports call the process. */
  readonly label: string;
  readonly value: unknown;
}

/** The registries that run now. */
export const lookAtRegistries = (): RegistryLook[] =>
  [...everyTable()].map(({ name, keys, owner, count }) => ({
    ...{ name, keys, pid: owner.pid, total: count },
  }));

/** What one process has registered, in all registries. */
export function keysOf(pid: Pid): KeyGlance[] {
  const process = processOf(pid);
  if (process === undefined) return [];
  return [...everyTable()].flatMap(table =>
    table
      .of(process)
      .map(({ key, value }) => glance(table.name, identityText(identityOf(key)), process, value)),
  );
}

/** Every entry of all registries, or of the one. May be gone through over many turns. */
export function* glanceAtKeys(registry?: Name): Generator<KeyGlance> {
  for (const table of everyTable()) {
    const { name } = table;
    if (registry !== undefined && registry !== name) continue;
    for (const [identity, entries] of table.groups()) {
      const text = identityText(identity);
      for (const { process, value } of entries) yield glance(name, text, process, value);
    }
  }
}

const glance = (
  registry: Name,
  text: string,
  { pid, label }: Process,
  value: unknown,
): KeyGlance => ({ registry, text, pid, label, value });
