/** The living processes of this isolate by pid, and their registered names. */
import type { Name, Pid } from './pid.ts';
import type { Process } from './process.ts';

const byPid = new Map<Pid, Process>();
const byName = new Map<Name, Process>();

export function processOf(pid: Pid): Process | undefined {
  return byPid.get(pid);
}

export function processNamed(name: Name): Process | undefined {
  return byName.get(name);
}

/** The living process that a pid or name stands for. */
export function processAt(dest: Pid | Name): Process | undefined {
  return typeof dest === 'number' ? byPid.get(dest) : byName.get(dest);
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

/** Every living process, oldest first. */
export function processes(): Pid[] {
  return [...byPid.keys()];
}

/** Every registered name. */
export function registered(): Name[] {
  return [...byName.keys()];
}
