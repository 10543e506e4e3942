/**
 * Who still is in which version: who runs its callback module, whose handler (`spawn`) is one of its
 * functions, and who waits inside a function of it. One look at all processes, however many versions
 * are asked for.
 */
import { everyProcess } from '../process-table.ts';
import type { Process } from '../process.ts';
import type { Loaded } from './module-table.ts';
import { Bare } from '../spawn.ts';
import { modulesOf } from './runners.ts';
import { usedBy } from './used-code.ts';
import type { Tally } from './used-code.ts';
import { callbackModuleOf } from './version.ts';
import type { Version } from './version.ts';

/** The processes in each of these versions. What two of them share is the earlier one's. */
export function inside(versions: readonly Loaded[]): Map<Loaded, Process[]> {
  return atOnce(lookInside(versions, Infinity));
}

/** What comes of something that is done in steps. */
export function atOnce<Result>(steps: Generator<undefined, Result>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** The same in steps of so many processes; who starts or ends between two steps may be counted or not. */
export function* lookInside(
  versions: readonly Loaded[],
  stepSize: number,
): Generator<undefined, Map<Loaded, Process[]>> {
  const owners = ownersOf(versions);
  const tallies = new Map<Tally, Loaded>(versions.map(loaded => [loaded.tally, loaded]));
  const found = new Map<Loaded, Process[]>();
  const add = (process: Process, loaded: Loaded | undefined): void => {
    if (loaded === undefined) return;
    const processes = found.get(loaded);
    if (processes === undefined) found.set(loaded, [process]);
    else if (processes.at(-1) !== process) processes.push(process);
  };
  let looked = 0;
  for (const process of everyProcess()) {
    if ((looked += 1) % stepSize === 0) yield;
    const { behaviour, phase } = process;
    if (behaviour instanceof Bare) add(process, owners.get(behaviour.handle));
    else for (const module of modulesOf(process)) add(process, owners.get(module));
    if (phase !== 'awaiting') continue;
    for (const tally of usedBy(process)) add(process, tallies.get(tally));
  }
  return found;
}

/** By callback module and by function. */
function ownersOf(versions: readonly Loaded[]): Map<unknown, Loaded> {
  const owners = new Map<unknown, Loaded>();
  for (const loaded of versions) {
    for (const code of codeOf(loaded.version)) if (!owners.has(code)) owners.set(code, loaded);
  }
  return owners;
}

function codeOf(version: Version): unknown[] {
  const functions = Object.values(version.exports as Readonly<Record<string, unknown>>).filter(
    one => typeof one === 'function',
  );
  const callbacks = callbackModuleOf(version);
  return callbacks === undefined ? functions : [callbacks, ...functions];
}
