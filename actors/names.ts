/** Registered names: one process a name, one name a process, released when it dies. */
import { callingProcess, runAs } from './context.ts';
import { isolateOf, thisIsolate } from './pid.ts';
import type { Name, Pid } from './pid.ts';
import { enterName, leaveName, processNamed, processOf } from './process-table.ts';
import type { Process } from './process.ts';
import type { StartName, ViaName } from './server-ref.ts';
import { isVia, pidVia } from './via-name.ts';

/** Gives a living process of this isolate a name. Throws when either is taken or it is dead. */
export function register(name: Name, pid: Pid): void {
  callingProcess();
  if (name === '') throw new TypeError('register() expects a name that is not empty');
  if (isolateOf(pid) !== thisIsolate()) {
    throw new TypeError(`register(): ${pid} lives in isolate ${isolateOf(pid)}: register it there`);
  }
  const process = processOf(pid);
  if (process === undefined) throw new RangeError(`register(): no process ${pid} lives`);
  if (process.name !== undefined) {
    throw new RangeError(`register(): process ${pid} is registered as "${process.name}" already`);
  }
  if (processNamed(name) !== undefined) {
    throw new RangeError(`register(): the name "${name}" is taken`);
  }
  enterName(name, process);
}

/** Frees a name. Throws when nobody has it. */
export function unregister(name: Name): void {
  callingProcess();
  if (processNamed(name) === undefined) {
    throw new RangeError(`unregister(): no process is registered as "${name}"`);
  }
  leaveName(name);
}

/**
 * The pid behind a name. Behind a via name it is what the module says, which throws when there is
 * nobody to ask, such as a registry that does not run.
 */
export function whereis(name: Name | ViaName): Pid | undefined {
  return isVia(name) ? pidVia(name) : processNamed(name)?.pid;
}

/** Gives a process that is being made its name; false when a via module says that it is taken. */
export function takeName(process: Process, name: StartName): boolean {
  if (!isVia(name)) {
    enterName(name, process);
    return true;
  }
  const [, module, key] = name;
  return runAs(process, () => module.registerName(key, process.pid)) === 'yes';
}
