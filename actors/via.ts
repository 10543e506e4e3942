/** `via` names: a key in a registry, or a name that a module of your own keeps. */
import { thisIsolate, isolateOf } from './pid.ts';
import type { Name, Pid } from './pid.ts';
import { register, unregister } from './registry/registry.ts';
import { holderOf } from './registry/table.ts';
import { send } from './send.ts';
import type { ViaName } from './server-ref.ts';
import type { ViaModule } from './via-name.ts';

const CALLBACKS = ['registerName', 'unregisterName', 'whereisName', 'send'] as const;

/**
 * A name that stands wherever a name can: `start(…, { name })`, `send`, `call`, `cast`, `monitor`,
 * `whereis`, `sys`, supervisors. Either a key of a registry with unique keys (Elixir's
 * `{:via, Registry, {registry, key}}`), which may come with the value to register, or a name that a
 * module with the functions of {@link ViaModule} keeps (Erlang's `{via, Module, Name}`).
 *
 * It is good in the isolate in which it was made; to other isolates send the pid.
 *
 * @example
 * await startLink(counter, 0, { name: via('counters', ['user', 7]) });
 * await call(via<Call>('counters', ['user', 7]), { kind: 'get' });
 * @throws TypeError for a module that lacks one of the functions
 */
export function via<Call = unknown, Cast = unknown>(
  registry: Name,
  key: unknown,
  value?: unknown,
): ViaName<Call, Cast>;
export function via<Call = unknown, Cast = unknown>(
  module: ViaModule,
  name: unknown,
): ViaName<Call, Cast>;
export function via(keeper: Name | ViaModule, key: unknown, value?: unknown): ViaName {
  if (typeof keeper === 'string') {
    return ['via', viaRegistry, value === undefined ? [keeper, key] : [keeper, key, value]];
  }
  const missing = CALLBACKS.filter(
    one => typeof (keeper as Partial<ViaModule> | null | undefined)?.[one] !== 'function',
  );
  if (missing.length === 0) return ['via', keeper, key];
  throw new TypeError(
    `via() expects a registry's name or a module, and it lacks ${missing.join(', ')}`,
  );
}

type RegistryKey = readonly [registry: Name, key: unknown, value?: unknown];

/** Elixir's `Registry` as a via module: its names are `[registry, key]` or `[registry, key, value]`. */
export const viaRegistry: ViaModule = {
  registerName(name, pid) {
    const [registry, key, value] = name as RegistryKey;
    if (isolateOf(pid) !== thisIsolate()) {
      throw new TypeError(
        `${pid} lives in isolate ${isolateOf(pid)}, and a process has keys in registries of its ` +
          'own isolate only: start a registry there',
      );
    }
    return register(registry, key, value)[0] === 'ok' ? 'yes' : 'no';
  },

  unregisterName(name) {
    const [registry, key] = name as RegistryKey;
    unregister(registry, key);
  },

  whereisName(name): Pid | undefined {
    const [registry, key] = name as RegistryKey;
    return holderOf(registry, key)?.pid;
  },

  send(name, message): Pid {
    const [registry, key] = name as RegistryKey;
    const holder = holderOf(registry, key);
    if (holder === undefined) {
      throw new TypeError(`send(): nobody has the key ${JSON.stringify(key)} in "${registry}"`);
    }
    send(holder.pid, message);
    return holder.pid;
  },
};
