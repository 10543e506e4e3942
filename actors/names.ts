/** Registered names: one process a name, one name a process, released when it dies. */
import { callingProcess, runAs } from './context.ts';
import { badArgument } from './bad-argument.ts';
import { isolateOf, requirePid, thisIsolate } from './pid.ts';
import type { Name, Pid } from './pid.ts';
import { enterName, leaveName, processNamed, processOf } from './process-table.ts';
import type { Process } from './process.ts';
import type { StartName, ViaName } from './server-ref.ts';
import { isVia, pidVia } from './via-name.ts';

/**
 * Gives a living process of this isolate a name.
 * @throws TypeError for what is no name, or no pid of this isolate; RangeError when either has or is
 *   one already, or it is dead
 */
export function register(name: Name, pid: Pid): void {
  callingProcess();
  requireName('register()', name);
  requirePid('register()', pid);
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

/**
 * Frees a name.
 * @throws TypeError for what is no name, RangeError when nobody has it
 */
export function unregister(name: Name): void {
  callingProcess();
  requireName('unregister()', name);
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

/** @throws TypeError for what is no registered name */
export function requireName(what: string, name: unknown): void {
  if (typeof name === 'string' && name !== '') return;
  throw badArgument(what, 'a name that is a string and not empty', name);
}

/** @throws TypeError for what no process can be started under */
export function requireStartName(what: string, name: unknown): void {
  if ((typeof name === 'string' && name !== '') || isVia(name)) return;
  throw badArgument(what, "a name to be a string, or ['via', module, key]", name);
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
