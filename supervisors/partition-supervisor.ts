/**
 * partition-supervisor: N copies of one child, each with a share of the keys, so that work on
 * different keys needs no common process. See Elixir's `PartitionSupervisor`.
 */
import type { StartResult } from '../actors/gen-server/types.ts';
import { register } from '../actors/names.ts';
import type { Name, Pid } from '../actors/pid.ts';
import { processNamed, processOf } from '../actors/process-table.ts';
import { checkStart } from './child.ts';
import type { ChildSpec } from './child-spec.ts';
import type { DynamicChildSpec } from './dynamic-supervisor.ts';
import { startLink as startSupervisor } from './supervisor.ts';
import type { SupervisorOptions } from './supervisor.ts';

export interface PartitionSupervisorOptions {
  readonly name: Name;
  /** How many copies. */
  readonly partitions: number;
  /** The specification of the copy with this index, from 0. Its id is the index. */
  readonly child: (index: number) => DynamicChildSpec;
  /** Restarts allowed within the period in seconds; default 3 in 5, as in Elixir. */
  readonly intensity?: number;
  readonly period?: number;
}

/** Names of the partitions by the supervisor's name; as good as the supervisor that owns them. */
const tables = new Map<Name, readonly Name[]>();

/**
 * Starts the supervisor and its copies. A copy that registers no name of its own gets
 * `name.index`, so that it is found again after a restart.
 */
export function startLink(options: PartitionSupervisorOptions): Promise<StartResult> {
  const { name, partitions, child, intensity = 3, period = 5 } = options;
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new RangeError(`partitions must be a whole number of 1 or more, got ${partitions}`);
  }
  const init = () => {
    const names = Array.from({ length: partitions }, (_, index) => `${name}.${index}`);
    tables.set(name, names);
    const specs = names.map((_, index) => partition(child(index), index, names));
    return [{ intensity, period }, specs] as const;
  };
  return startSupervisor({ name: 'partition_supervisor', init }, undefined, {
    name,
  } satisfies SupervisorOptions);
}

function partition(spec: DynamicChildSpec, index: number, names: Name[]): ChildSpec {
  const named = (result: StartResult): StartResult => {
    const checked = checkStart(result);
    if (checked[0] === 'ok') names[index] = nameOf(checked[1], names[index] ?? '');
    return checked;
  };
  return {
    ...spec,
    id: index,
    start: (...args) => {
      const started = spec.start(...args);
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

/** The partition that a key belongs to: always the same one for the same key. */
export function whichPartition(name: Name, key: string | number): Name {
  const names = tables.get(name);
  if (names === undefined || processNamed(name) === undefined) {
    throw new TypeError(`whichPartition(): no partition supervisor is registered as "${name}"`);
  }
  const hash = typeof key === 'number' ? Math.abs(Math.trunc(key)) : hashOf(key);
  return names[hash % names.length] ?? name;
}

/** How many partitions there are. */
export function partitions(name: Name): number {
  return tables.get(name)?.length ?? 0;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a in 32 bits over the string's code units. */
function hashOf(key: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), FNV_PRIME);
  }
  return hash >>> 0;
}
