/** One handler that is installed, and the names that mean it. */
import { isDeepStrictEqual } from 'node:util';
import { areVersionsOfOne, moduleToStart } from '../code/module-table.ts';
import { describeReason } from '../exit.ts';
import type { Pid } from '../pid.ts';
import type { Handler } from './types.ts';

/** A callback module as the manager sees it: the types were checked where it was added. */
export interface EventCallbacks {
  readonly name?: unknown;
  init?(arg: unknown): unknown;
  handleEvent?(event: unknown, state: unknown): unknown;
  handleCall?(request: unknown, state: unknown): unknown;
  handleInfo?(message: unknown, state: unknown): unknown;
  terminate?(arg: unknown, state: unknown): unknown;
  codeChange?(oldVersion: unknown, state: unknown, extra: unknown): unknown;
  formatStatus?(status: object): unknown;
}

export interface Installed {
  module: EventCallbacks;
  /** False without one. */
  readonly id: unknown;
  /** Who added it with `addSupHandler`; false when nobody is to be told. */
  readonly supervised: Pid | false;
  state: unknown;
}

/** One that has no state yet. What is no module fails when its `init` is called. */
export function installable(
  handler: unknown,
  supervised: Pid | false,
  codeKey: string | undefined,
): Installed {
  const [given, id] = split(handler);
  const module = moduleToStart(given as EventCallbacks, codeKey);
  return { module, id, supervised, state: undefined };
}

/** As users name it: the module, or the module with its id. */
export function named({ module, id }: Installed): Handler {
  return id === false ? module : [module, id];
}

/** As logs name it. */
export function titled({ module, id }: Installed): string {
  const name = labelOf(module);
  return id === false ? name : `[${name}, ${describeReason(id)}]`;
}

export function labelOf(module: EventCallbacks | undefined): string {
  const name = module?.name;
  return typeof name === 'string' && name !== '' ? name : 'a module without name';
}

export function isNamedBy(handler: unknown, { module, id }: Installed): boolean {
  const [wanted, wantedId] = split(handler);
  return isSameModule(wanted, module) && isDeepStrictEqual(wantedId, id);
}

/** By what it was defined as, or by name, as Erlang's modules are: another version is another object. */
export function isSameModule(wanted: unknown, module: EventCallbacks): boolean {
  if (wanted === module || areVersionsOfOne(wanted as object, module)) return true;
  const name = typeof wanted === 'string' ? wanted : (wanted as EventCallbacks | null)?.name;
  return typeof name === 'string' && name !== '' && name === module.name;
}

function split(handler: unknown): readonly [module: unknown, id: unknown] {
  return Array.isArray(handler) ? [handler[0], handler[1]] : [handler, false];
}
