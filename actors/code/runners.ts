/** Which processes run which callback modules. */
import { everyProcess } from '../process-table.ts';
import type { Process } from '../process.ts';
import type { SystemCallbacks } from '../sys/system-loop.ts';
import { callbackModuleOf } from './version.ts';
import type { Version } from './version.ts';
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
 * handler (`spawn`) is one of its functions, and those that wait inside a function of it. What it
 * shares with the others, which stay, is theirs.
 */
export function inside(loaded: Loaded, others: readonly (Loaded | undefined)[]): Process[] {
  const own = codeOf(loaded.version);
  for (const other of others) {
    if (other !== undefined) for (const shared of codeOf(other.version)) own.delete(shared);
  }
  const callbacks = callbackModuleOf(loaded.version);
  const module = callbacks !== undefined && own.has(callbacks) ? callbacks : undefined;
  const found: Process[] = [];
  for (const process of everyProcess()) {
    const runsIt = module !== undefined && runs(process, module);
    const { handle: handler } = (process.behaviour ?? {}) as { readonly handle?: unknown };
    if (runsIt || own.has(handler) || waitsInside(process, loaded.tally)) found.push(process);
  }
  return found;
}

/** Its callback module and its functions. */
function codeOf(version: Version): Set<unknown> {
  const code = new Set<unknown>([callbackModuleOf(version)]);
  for (const exported of Object.values(version.exports)) {
    if (typeof exported === 'function') code.add(exported);
  }
  code.delete(undefined);
  return code;
}
