/** Which processes run which callback modules. */
import { everyProcess } from '../process-table.ts';
import type { Process } from '../process.ts';
import type { SystemCallbacks } from '../sys/system-loop.ts';
import { callbackModuleOf } from './version.ts';
import type { Loaded } from './module-table.ts';
import { waitsInside } from './used-code.ts';

/** The behaviour of a process as `sys` sees it; undefined for a bare process. */
export function systemCallbacksOf({ behaviour }: Process): SystemCallbacks | undefined {
  const callbacks = behaviour as Partial<SystemCallbacks> | undefined;
  return callbacks?.changeCode === undefined ? undefined : (callbacks as SystemCallbacks);
}

/** The callback modules that the process runs. */
export function modulesOf(process: Process): readonly object[] {
  const callbacks = systemCallbacksOf(process);
  if (callbacks === undefined) return [];
  return callbacks.modules?.() ?? [callbacks.module];
}

/** Calls for each living process and each of the callback modules that it runs. */
export function eachRunner(found: (process: Process, module: object) => void): void {
  for (const process of everyProcess()) {
    const callbacks = systemCallbacksOf(process);
    if (callbacks === undefined) continue;
    const several = callbacks.modules?.();
    if (several === undefined) found(process, callbacks.module);
    else for (const module of several) found(process, module);
  }
}

function runs(process: Process, module: object): boolean {
  const callbacks = systemCallbacksOf(process);
  if (callbacks === undefined) return false;
  const several = callbacks.modules?.();
  return several === undefined ? callbacks.module === module : several.includes(module);
}

/**
 * The processes that still are in this version: those that run its callback module, those whose
 * handler (`spawn`) is one of its functions, and those that wait inside a function of it.
 */
export function inside(loaded: Loaded): Process[] {
  const { version, tally } = loaded;
  const module = callbackModuleOf(version);
  const functions = new Set(
    Object.values(version.exports).filter(one => typeof one === 'function'),
  );
  const found: Process[] = [];
  for (const process of everyProcess()) {
    const runsIt = module !== undefined && runs(process, module);
    const { handle: handler } = (process.behaviour ?? {}) as { readonly handle?: unknown };
    if (runsIt || functions.has(handler) || waitsInside(process, tally)) found.push(process);
  }
  return found;
}
