/** The living processes of this isolate by pid, and their registered names. */
import { thisIsolate } from './pid.ts';
import type { Name, Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { Dest } from './server-ref.ts';
import { isRemoteName, noDest } from './dest.ts';
import { isVia, pidVia } from './via-name.ts';

const byPid = new Map<Pid, Process>();
const byName = new Map<Name, Process>();

export function processOf(pid: Pid): Process | undefined {
  return byPid.get(pid);
}

export function processNamed(name: Name): Process | undefined {
  return byName.get(name);
}

/**
 * The living process of this isolate that a pid or name stands for.
 * @throws TypeError for what is no place to send to; numbers are looked at by `isolateAt`
 */
export function processAt(dest: Dest): Process | undefined {
  if (typeof dest === 'number') return byPid.get(dest);
  if (typeof dest === 'string') return byName.get(dest);
  if (isRemoteName(dest)) {
    return dest.isolate === thisIsolate() ? byName.get(dest.name) : undefined;
  }
  if (!isVia(dest)) throw noDest(dest);
  const pid = pidVia(dest);
  return pid === undefined ? undefined : byPid.get(pid);
}

export function enterProcess(process: Process): void {
  byPid.set(process.pid, process);
}

/** Takes a dead process out; its name is free from here on. */
export function leaveProcess(process: Process): void {
  byPid.delete(process.pid);
  if (process.name !== undefined) leaveName(process.name);
}

export function enterName(name: Name, process: Process): void {
  byName.set(name, process);
  process.name = name;
}

export function leaveName(name: Name): void {
  const process = byName.get(name);
  if (process === undefined) return;
  byName.delete(name);
  // The dead keep theirs: EXIT, DOWN and crash reports still say it.
  if (process.alive) process.name = undefined;
}

/** The same processes themselves, oldest first, without a list of them: may be gone through over many turns. */
export function livingProcesses(): IterableIterator<Process> {
  return byPid.values();
}

/** Those that have a registered name. */
export function namedProcesses(): IterableIterator<Process> {
  return byName.values();
}

/** How many live, and how many names are registered. */
export function processCounts(): { readonly living: number; readonly named: number } {
  return { living: byPid.size, named: byName.size };
}

/** Every living process of this isolate, oldest first. */
export function everyProcess(): IterableIterator<Process> {
  return byPid.values();
}

/** Every living process of this isolate, oldest first. */
export function processes(): Pid[] {
  return [...byPid.keys()];
}

/** Every registered name. */
export function registered(): Name[] {
  return [...byName.keys()];
}
