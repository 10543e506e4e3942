/**
 * The process of a registry: it owns the table and is what supervisors see. It traps exits: those
 * who have a key are linked to it, and their ends are not its own.
 */
import { requireProcess } from '../context.ts';
import type { GenServer, StartResult } from '../gen-server/types.ts';
import { requireOptions } from '../bad-argument.ts';
import { startLink as startServer } from '../gen-server/gen-server.ts';
import type { Name } from '../pid.ts';
import { RegistryTable } from './table.ts';
import type { RegistryKeys } from './table.ts';

export interface RegistryOptions {
  readonly keys: RegistryKeys;
  readonly name: Name;
  /**
   * Names of processes that are sent `{ kind: 'register', registry, key, pid, value }` and
   * `{ kind: 'unregister', registry, key, pid }`. Of a death they learn by a monitor of their own.
   */
  readonly listeners?: readonly Name[];
  /** Anything that belongs to the registry: see `meta` and `putMeta`. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

const server: GenServer<RegistryOptions, RegistryTable> = {
  init({ name, keys, listeners = [], meta = {} }) {
    const owner = requireProcess('registry');
    const table = new RegistryTable(name, keys, owner, listeners, new Map(Object.entries(meta)));
    table.open();
    return ['ok', table];
  },
  handleInfo: (_exit, table) => ['noreply', table],
  formatStatus: ({ state: { keys, count } }) => ({ state: { keys, count } }),
};

/**
 * Starts a registry linked to the caller.
 * @throws TypeError for options that are no registry's
 */
export function startLink(options: RegistryOptions): Promise<StartResult> {
  requireOptions('registry.startLink()', options);
  const {
    keys,
    name,
    listeners = [],
  } = options as { readonly [Key in keyof RegistryOptions]: unknown };
  if (keys !== 'unique' && keys !== 'duplicate') {
    throw new TypeError(`expected keys to be 'unique' or 'duplicate', got ${String(keys)}`);
  }
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`expected name to be a text that is not empty, got ${String(name)}`);
  }
  if (!Array.isArray(listeners) || listeners.some(one => typeof one !== 'string')) {
    throw new TypeError(`expected listeners to be a list of names, got ${String(listeners)}`);
  }
  return startServer(server, options, {
    name,
    trapExit: true,
    label: 'registry',
    // One EXIT for each process that had a key.
    mailboxLimit: Infinity,
  });
}
