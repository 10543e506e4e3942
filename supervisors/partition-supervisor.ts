/**
 * partition-supervisor: N copies of one child, each with a share of the keys, so that work on
 * different keys needs no common process. See Elixir's `PartitionSupervisor`.
 */
import { availableParallelism } from 'node:os';
import { requireOptions } from '../actors/bad-argument.ts';
import { requireProcess } from '../actors/context.ts';
import { Exit } from '../actors/exit.ts';
import type { StartResult } from '../actors/gen-server/types.ts';
import { register } from '../actors/names.ts';
import type { Name, Pid } from '../actors/pid.ts';
import { processNamed, processOf } from '../actors/process-table.ts';
import type { Process } from '../actors/process.ts';
import { checkStart } from './child.ts';
import { termText } from './child-id.ts';
import type { Started } from './child.ts';
import type { ChildSpec, ChildStart } from './child-spec.ts';
import type { DynamicChildSpec } from './dynamic-supervisor.ts';
import { send } from '../actors/send.ts';
import type { Via, ViaModule } from '../actors/via-name.ts';
import { restartChild, startLink as startSupervisor, terminateChild } from './supervisor.ts';
import type { SupervisorOptions } from './supervisor.ts';

export { countChildren, stop, whichChildren } from './supervisor.ts';

export interface PartitionSupervisorOptions {
  readonly name: Name;
  /** How many copies; default one for each processor that the program may use. */
  readonly partitions?: number;
  /** The copies' specification, or that of the copy with an index from 0. Its id is the index. */
  readonly child: DynamicChildSpec | ((index: number) => DynamicChildSpec);
  /** The arguments of a copy's start; default none. */
  readonly withArguments?: (index: number) => readonly unknown[];
  /** Default `one_for_one`. */
  readonly strategy?: 'one_for_one' | 'one_for_all' | 'rest_for_one';
  /** Restarts allowed within the period in seconds; default 3 in 5, as in Elixir. */
  readonly intensity?: number;
  readonly period?: number;
}

interface Partitions {
  /** The names of all copies that there may be. */
  readonly names: Name[];
  /** How many of them are used, the first ones; `resize` changes it. */
  current: number;
}

/** As good as the supervisor that owns them. */
const tables = new WeakMap<Process, Partitions>();

/**
 * Starts the supervisor and its copies. A copy that registers no name of its own gets
 * `name.index`, so that it is found again after a restart.
 * @throws TypeError or RangeError for options that are missing or none
 */
export function startLink(options: PartitionSupervisorOptions): Promise<StartResult> {
  checkOptions(options);
  const { name, strategy = 'one_for_one', intensity = 3, period = 5 } = options;
  const { partitions = availableParallelism() } = options;
  const init = () => {
    const names = Array.from({ length: partitions }, (_, index) => `${name}.${index}`);
    tables.set(requireProcess('init()'), { names, current: partitions });
    const specs = names.map((_, index) => partition(options, index, names));
    return [{ strategy, intensity, period }, specs] as const;
  };
  return startSupervisor({ name: 'partition_supervisor', init }, undefined, {
    name,
  } satisfies SupervisorOptions);
}

function checkOptions(options: PartitionSupervisorOptions): void {
  requireOptions('startLink()', options);
  // The types promise all this; the options may come from plain JavaScript.
  const given: { readonly [Option in keyof PartitionSupervisorOptions]: unknown } = options;
  const { name, child, withArguments, partitions = 1 } = given;
  if (typeof name !== 'string') {
    throw new TypeError(`startLink() expects the option name to be a string, got ${typeof name}`);
  }
  if (typeof child !== 'function' && (typeof child !== 'object' || child === null)) {
    throw new TypeError('startLink() expects the option child: a specification, or a function');
  }
  if (withArguments !== undefined && typeof withArguments !== 'function') {
    throw new TypeError(
      'startLink() expects the option withArguments to be a function of an index',
    );
  }
  if (!Number.isSafeInteger(partitions) || (partitions as number) < 1) {
    throw new RangeError(
      `partitions must be a whole number of 1 or more, got ${String(partitions)}`,
    );
  }
}

function partition(options: PartitionSupervisorOptions, index: number, names: Name[]): ChildSpec {
  const { child, withArguments } = options;
  const spec = typeof child === 'function' ? child(index) : child;
  const named = (result: ChildStart): Started => {
    const checked = checkStart(result);
    if (checked[0] === 'ok') names[index] = nameOf(checked[1], names[index] ?? '');
    return checked;
  };
  return {
    ...spec,
    id: index,
    start: () => {
      const started = spec.start(...(withArguments?.(index) ?? []));
      return started instanceof Promise ? started.then(named) : named(started);
    },
  };
}

function nameOf(pid: Pid, name: Name): Name {
  const process = processOf(pid);
  if (process === undefined) return name;
  if (process.name === undefined) register(name, pid);
  return process.name ?? name;
}

/**
 * The partition that a key belongs to: always the same one for the same key. A whole number is taken
 * as it is, anything else is hashed, arrays and objects by their contents.
 */
export function whichPartition(name: Name, key: unknown): Name {
  const table = tableOf(name);
  if (table === undefined) {
    throw new TypeError(`whichPartition(): no partition supervisor is registered as "${name}"`);
  }
  if (table.current === 0) {
    throw new RangeError(`whichPartition(): "${name}" has no partitions: resize() it`);
  }
  const hash = Number.isSafeInteger(key) ? Math.abs(key as number) : hashOf(textOf(key));
  return table.names[hash % table.current] ?? name;
}

const routes: ViaModule = {
  registerName: () => {
    throw new TypeError('a partition is started by its supervisor: it cannot be registered');
  },
  unregisterName: () => {
    throw new TypeError('a partition is ended by its supervisor: it cannot be unregistered');
  },
  whereisName: route => processNamed(partitionOf(route))?.pid,
  send(route, message) {
    const pid = processNamed(partitionOf(route))?.pid;
    if (pid === undefined) throw new Exit(['badarg', [route, message]]);
    send(pid, message);
    return pid;
  },
};

function partitionOf(route: unknown): Name {
  const [name, key] = route as readonly [Name, unknown];
  return whichPartition(name, key);
}

/** The partition of a key as a via name, looked up each time it is used. */
export function via(name: Name, key: unknown): Via {
  return ['via', routes, [name, key]];
}

/** How many partitions there are. Exits with `'noproc'` when there is no such supervisor. */
export function partitions(name: Name): number {
  const table = tableOf(name);
  if (table === undefined) throw noProcess('partitions', [name]);
  return table.current;
}

/**
 * Starts or ends the last partitions until there are so many, and returns how many there were. Keys
 * move to other partitions by that.
 * @throws RangeError past the number that it was started with, or when a copy does not start
 */
export async function resize(name: Name, wanted: number): Promise<number> {
  const table = tableOf(name);
  if (table === undefined) throw noProcess('resize', [name, wanted]);
  const { names, current } = table;
  if (!Number.isSafeInteger(wanted) || wanted < 0 || wanted > names.length) {
    throw new RangeError(`resize() expects 0 to ${names.length} partitions, got ${wanted}`);
  }
  // Keys go to the others before the first one ends, and back after the last one is there.
  if (wanted < current) table.current = wanted;
  for (let index = wanted; index < current; index += 1) await terminateChild(name, index);
  for (let index = current; index < wanted; index += 1) {
    const result = await restartChild(name, index);
    if (result[0] !== 'error') continue;
    throw new RangeError(`resize(): partition ${index} of "${name}" did not start`, {
      cause: result[1],
    });
  }
  table.current = wanted;
  return current;
}

function tableOf(name: Name): Partitions | undefined {
  const process = processNamed(name);
  return process === undefined ? undefined : tables.get(process);
}

function noProcess(what: string, args: readonly unknown[]): Exit {
  return new Exit(['noproc', ['partition_supervisor', what, args]]);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function textOf(key: unknown): string {
  return typeof key === 'string' ? key : termText(key);
}

/** FNV-1a in 32 bits over the string's code units. */
function hashOf(key: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), FNV_PRIME);
  }
  return hash >>> 0;
}
