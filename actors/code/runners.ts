/** Which processes run which callback modules. */
import { everyProcess } from '../process-table.ts';
import type { Process } from '../process.ts';
import type { SystemCallbacks } from '../sys/system-loop.ts';

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
