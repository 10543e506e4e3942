/** What one registry knows: entries by key and by process. Plain data and the rules that keep it whole. */
import { shown } from '../bad-argument.ts';
import { linkProcesses, unlinkProcesses } from '../links.ts';
import type { Name } from '../pid.ts';
import type { Holding, Process } from '../process.ts';
import { smallAdd, smallDelete, smallHas, smallList, smallMembers } from '../small-set.ts';
import type { SmallSet } from '../small-set.ts';
import { identityOf } from './key.ts';

/** Whether a key has one process or any number. */
export type RegistryKeys = 'unique' | 'duplicate';

export interface Entry {
  readonly key: unknown;
  readonly process: Process;
  value: unknown;
}

/** The running registries of this isolate. */
const tables = new Map<Name, RegistryTable>();

export const everyTable = (): IterableIterator<RegistryTable> => tables.values();

/** @throws RangeError when no such registry runs */
export function tableOf(registry: Name): RegistryTable {
  const table = tables.get(registry);
  if (table !== undefined) return table;
  throw new RangeError(
    `unknown registry: ${shown(registry)}; start it in this isolate, with registry.startLink()`,
  );
}

/** @throws TypeError for a registry of duplicate keys */
export function requireUnique({ keys, name }: RegistryTable, what: string): void {
  if (keys === 'unique') return;
  throw new TypeError(`${what} is not supported for a registry of duplicate keys, "${name}"`);
}

/** The process that has the key of a unique registry. */
export function holderOf(registry: Name, key: unknown): Process | undefined {
  const table = tableOf(registry);
  requireUnique(table, 'via');
  return table.under(key)[0]?.process;
}

/** Belongs to the registry's process, and goes with it. */
export class RegistryTable implements Holding {
  readonly name: Name;
  readonly keys: RegistryKeys;
  readonly owner: Process;
  readonly listeners: readonly Name[];
  readonly meta: Map<string, unknown>;
  readonly #byKey = new Map<unknown, SmallSet<Entry>>();
  readonly #byProcess = new Map<Process, Registrant>();
  #count = 0;

  constructor(
    name: Name,
    keys: RegistryKeys,
    owner: Process,
    listeners: readonly Name[],
    meta: Map<string, unknown>,
  ) {
    this.name = name;
    this.keys = keys;
    this.owner = owner;
    this.listeners = listeners;
    this.meta = meta;
  }

  open(): void {
    this.owner.holdings = smallAdd<Holding>(this.owner.holdings, this);
    tables.set(this.name, this);
  }

  /** The registry died: nothing is registered any more. */
  release(): void {
    tables.delete(this.name);
    for (const registrant of this.#byProcess.values()) registrant.letGo();
  }

  get count(): number {
    return this.#count;
  }

  /** In the order in which they were registered. */
  under(key: unknown): Entry[] {
    return smallList(this.#byKey.get(identityOf(key)));
  }

  of(process: Process): readonly Entry[] {
    return [...(this.#byProcess.get(process)?.entries ?? [])];
  }

  *all(): Generator<Entry> {
    for (const entries of this.#byKey.values()) yield* smallList(entries);
  }

  /** Those of each key, with what stands for it. */
  *groups(): Generator<readonly [identity: unknown, entries: Iterable<Entry>]> {
    for (const [identity, entries] of this.#byKey) yield [identity, smallMembers(entries)];
  }

  add(entry: Entry): void {
    const { process, key } = entry;
    const identity = identityOf(key);
    this.#byKey.set(identity, smallAdd(this.#byKey.get(identity), entry));
    let registrant = this.#byProcess.get(process);
    if (registrant === undefined) {
      registrant = new Registrant(this, process);
      this.#byProcess.set(process, registrant);
    }
    registrant.entries.add(entry);
    this.#count += 1;
  }

  remove(entry: Entry): void {
    this.#forget(entry);
    const registrant = this.#byProcess.get(entry.process);
    registrant?.entries.delete(entry);
    if (registrant?.entries.size !== 0) return;
    this.#byProcess.delete(entry.process);
    registrant.letGo();
    registrant.unlink();
  }

  /** A process died: before anybody hears of it, its keys are free. */
  died(process: Process): void {
    for (const entry of this.#byProcess.get(process)?.entries ?? []) this.#forget(entry);
    this.#byProcess.delete(process);
  }

  #forget(entry: Entry): void {
    const identity = identityOf(entry.key);
    const left = smallDelete(this.#byKey.get(identity), entry);
    if (left === undefined || smallList(left).length === 0) this.#byKey.delete(identity);
    else this.#byKey.set(identity, left);
    this.#count -= 1;
  }
}

/** What one process holds of one registry. */
class Registrant implements Holding {
  readonly entries = new Set<Entry>();
  readonly #table: RegistryTable;
  readonly #process: Process;
  /** Who started the registry is linked to it for reasons of its own. */
  readonly #wasLinked: boolean;

  /** Who has a key cannot outlive the registry without knowing it: they are linked. */
  constructor(table: RegistryTable, process: Process) {
    this.#table = table;
    this.#process = process;
    this.#wasLinked = smallHas(process.links, table.owner.pid);
    linkProcesses(process, table.owner);
    process.holdings = smallAdd<Holding>(process.holdings, this);
  }

  release(): void {
    this.#table.died(this.#process);
  }

  unlink(): void {
    if (!this.#wasLinked) unlinkProcesses(this.#process, this.#table.owner);
  }

  letGo(): void {
    this.#process.holdings = smallDelete<Holding>(this.#process.holdings, this);
  }
}
