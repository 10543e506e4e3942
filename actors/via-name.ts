/** Names that a module keeps: Erlang's `{via, Module, Name}` as it is at run time. */
import type { Pid } from './pid.ts';

/**
 * Keeps names of its own, as `global` and Elixir's `Registry` do. The functions are those that
 * Erlang asks of a `via` module.
 */
export interface ViaModule {
  /** Called as the process that takes the name: `'no'` when somebody has it. */
  registerName(name: unknown, pid: Pid): 'yes' | 'no';
  unregisterName(name: unknown): void;
  whereisName(name: unknown): Pid | undefined;
  /** Throws when nobody has the name; returns who was sent the message. */
  send(name: unknown, message: unknown): Pid;
}

export type Via = readonly ['via', ViaModule, unknown];

export function isVia(value: unknown): value is Via {
  return (
    Array.isArray(value) &&
    value.length === 3 &&
    value[0] === 'via' &&
    typeof (value[1] as Partial<ViaModule> | null | undefined)?.whereisName === 'function'
  );
}

/** Who has the name, says the module that keeps it. */
export function pidVia([, module, name]: Via): Pid | undefined {
  return module.whereisName(name);
}
