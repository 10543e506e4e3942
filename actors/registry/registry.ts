/**
 * registry: names of any shape for processes of this isolate, as Elixir's `Registry`.
 *
 * A key is plain data and belongs to one process (`unique`) or to any number (`duplicate`). A
 * process registers itself, with a value; when it dies its keys are free before anybody gets its
 * EXIT or DOWN. Looking something up asks nobody: the table is read where one stands. The registry
 * is a process that a supervisor starts; who has a key in it is linked to it. Elixir's partitions
 * are for schedulers that look things up at the same time: an isolate has one thread and one table.
 */
import { requireFunction } from '../bad-argument.ts';
import { requireProcess } from '../context.ts';
import type { Name, Pid } from '../pid.ts';
import { processNamed, processOf } from '../process-table.ts';
import { deliver } from '../signals.ts';
import { matches } from './pattern.ts';
import type { Pattern } from './pattern.ts';
import { requireUnique, tableOf } from './table.ts';
import type { Entry, RegistryTable } from './table.ts';

export { startLink } from './process.ts';
export type { RegistryOptions } from './process.ts';
export type { Pattern } from './pattern.ts';

export type RegisterResult =
  readonly ['ok', owner: Pid] | readonly ['error', readonly ['already_registered', Pid]];

/** What listeners are told. */
export type RegistryMessage =
  | {
      readonly kind: 'register';
      readonly registry: Name;
      readonly key: unknown;
      readonly pid: Pid;
      readonly value: unknown;
    }
  | {
      readonly kind: 'unregister';
      readonly registry: Name;
      readonly key: unknown;
      readonly pid: Pid;
    };

/**
 * Registers the calling process under the key; `owner` is the registry's process, to which the
 * caller is linked from here on. In a registry of duplicate keys also several times under one.
 */
export function register(registry: Name, key: unknown, value: unknown): RegisterResult {
  const process = requireProcess('registry.register()');
  const table = tableOf(registry);
  const holder = table.keys === 'unique' ? table.under(key)[0] : undefined;
  if (holder !== undefined) return ['error', ['already_registered', holder.process.pid]];
  table.add({ key, process, value });
  tell(table, { kind: 'register', registry, key, pid: process.pid, value });
  return ['ok', table.owner.pid];
}

/** Takes all entries of the calling process under the key away. */
export function unregister(registry: Name, key: unknown): 'ok' {
  return removeOwn(registry, key, () => true, 'registry.unregister()');
}

/** Takes those entries of the calling process under the key away whose value matches. */
export function unregisterMatch(registry: Name, key: unknown, pattern: Pattern): 'ok' {
  const matching = (entry: Entry): boolean => matches(pattern, entry.value);
  return removeOwn(registry, key, matching, 'registry.unregisterMatch()');
}

function removeOwn(
  registry: Name,
  key: unknown,
  which: (entry: Entry) => boolean,
  what: string,
): 'ok' {
  const process = requireProcess(what);
  const table = tableOf(registry);
  const own = table.under(key).filter(entry => entry.process === process && which(entry));
  for (const entry of own) table.remove(entry);
  if (own.length > 0) tell(table, { kind: 'unregister', registry, key, pid: process.pid });
  return 'ok';
}

/** A listener that is not there, because it restarts, misses it. */
function tell(table: RegistryTable, message: RegistryMessage): void {
  for (const name of table.listeners) {
    const listener = processNamed(name);
    if (listener !== undefined) deliver(listener, message);
  }
}

/** Who is registered under the key, with the values. */
export function lookup<Value = unknown>(registry: Name, key: unknown): (readonly [Pid, Value])[] {
  return pairs(tableOf(registry).under(key)) as (readonly [Pid, Value])[];
}

function pairs(entries: readonly Entry[]): (readonly [Pid, unknown])[] {
  return entries.map(({ process, value }) => [process.pid, value] as const);
}

/** The keys of a process, each as often as it is registered; none for a dead one. */
export function keys(registry: Name, pid: Pid): unknown[] {
  return entriesOf(registry, pid).map(({ key }) => key);
}

/** The values that the process has under the key. */
export function values(registry: Name, key: unknown, pid: Pid): unknown[] {
  return tableOf(registry)
    .under(key)
    .filter(({ process }) => process.pid === pid)
    .map(({ value }) => value);
}

function entriesOf(registry: Name, pid: Pid): readonly Entry[] {
  const table = tableOf(registry);
  const process = processOf(pid);
  return process === undefined ? [] : table.of(process);
}

/** Those under the key whose value matches the pattern (see {@link Pattern}), or the function. */
export function match(registry: Name, key: unknown, pattern: Pattern): (readonly [Pid, unknown])[] {
  return pairs(matching(registry, key, pattern));
}

/** How many {@link match} finds. */
export function countMatch(registry: Name, key: unknown, pattern: Pattern): number {
  return matching(registry, key, pattern).length;
}

function matching(registry: Name, key: unknown, pattern: Pattern): Entry[] {
  return tableOf(registry)
    .under(key)
    .filter(({ value }) => matches(pattern, value));
}

/**
 * All of `[key, pid, value]` that match the pattern, or for which the function is true. It goes
 * through the whole registry.
 */
export function select(
  registry: Name,
  pattern: Pattern = '_',
): (readonly [key: unknown, Pid, value: unknown])[] {
  const found: (readonly [unknown, Pid, unknown])[] = [];
  for (const { key, process, value } of tableOf(registry).all()) {
    const entry = [key, process.pid, value] as const;
    if (matches(pattern, entry)) found.push(entry);
  }
  return found;
}

/** How many {@link select} finds. */
export function countSelect(registry: Name, pattern: Pattern): number {
  return select(registry, pattern).length;
}

/** How many entries there are. */
export function count(registry: Name): number {
  return tableOf(registry).count;
}

/**
 * Puts what the function makes of the value in its place: `[new, old]`, or `'error'` when the
 * calling process does not have the key.
 * @throws TypeError for a registry of duplicate keys
 */
export function updateValue(
  registry: Name,
  key: unknown,
  change: (value: unknown) => unknown,
): readonly [newValue: unknown, oldValue: unknown] | 'error' {
  requireFunction('registry.updateValue()', change);
  const process = requireProcess('registry.updateValue()');
  const table = tableOf(registry);
  requireUnique(table, 'registry.updateValue()');
  const entry = table.under(key)[0];
  if (entry?.process !== process) return 'error';
  const old = entry.value;
  const value = change(old);
  entry.value = value;
  return [value, old];
}

/** Calls the function with everybody under the key; not at all when there is nobody. */
export function dispatch(
  registry: Name,
  key: unknown,
  callback: (entries: readonly (readonly [Pid, unknown])[]) => void,
): 'ok' {
  const entries = pairs(tableOf(registry).under(key));
  if (entries.length > 0) callback(entries);
  return 'ok';
}

/** What is kept of the registry itself: `['ok', value]` or `'error'`. */
export function meta(registry: Name, key: string): readonly ['ok', unknown] | 'error' {
  const known = tableOf(registry).meta;
  return known.has(key) ? ['ok', known.get(key)] : 'error';
}

export function putMeta(registry: Name, key: string, value: unknown): 'ok' {
  tableOf(registry).meta.set(key, value);
  return 'ok';
}

export function deleteMeta(registry: Name, key: string): 'ok' {
  tableOf(registry).meta.delete(key);
  return 'ok';
}
