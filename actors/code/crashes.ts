/** Counts crashes by the version that crashed, and tells whoever judges a canary. */
import { runOutside } from '../context.ts';
import { watchCrashes } from '../crash-watch.ts';
import { isErrorExit, reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { log } from '../logger.ts';
import type { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import { allModules } from './module-table.ts';
import type { Loaded, ModuleEntry } from './module-table.ts';
import { modulesOf } from './runners.ts';
import { thrownBy, usedBy } from './used-code.ts';
import type { Tally } from './used-code.ts';
import { BUILT_IN, callbackModuleOf } from './version.ts';

/** Where a version stands. */
export type Slot = 'current' | 'old' | 'canary';

/** A process crashed in a version, see {@link culpritsOf}. */
export interface CodeCrash {
  readonly name: string;
  readonly hash: string;
  readonly slot: Slot;
  readonly pid: Pid;
  /** The process's own key, if it has one. */
  readonly key: string | undefined;
  readonly reason: ExitReason;
}

export type CrashListener = (crash: CodeCrash) => void;

let listener: CrashListener | undefined;

/** Puts another listener in place; undefined: none. It is called before the process's death is told. */
export function onCrash(replacement: CrashListener | undefined): void {
  listener = replacement;
}

/** From here on crashes are counted. */
export function countCrashes(): void {
  watchCrashes(count);
}

/** The versions of a module that are there, with their places. */
export function slotsOf(entry: ModuleEntry): [Slot, Loaded][] {
  const { current, old, canary } = entry;
  const slots: [Slot, Loaded][] = [['current', current]];
  if (old !== undefined) slots.push(['old', old]);
  if (canary !== undefined) slots.push(['canary', canary]);
  return slots;
}

function count(process: Process, reason: ExitReason): void {
  const { pid, codeKey: key } = process;
  const culprits = culpritsOf(process, reason);
  for (const entry of allModules()) {
    for (const [slot, { tally, version }] of slotsOf(entry)) {
      if (!culprits.has(tally)) continue;
      tally.crashes += 1;
      tell({ name: entry.name, hash: version.hash, slot, pid, key, reason });
    }
  }
}

/**
 * A crash is that of the version out of which it was thrown, as far as its caller has said so
 * (`code.blame`); else of those whose files the stack names, such as in a timer's callback; else of the
 * one that the process ran. Where that is the built-in one, functions that it looked up for the same
 * message are suspects, too: they may have left behind what it fell over.
 */
function culpritsOf(process: Process, reason: ExitReason): ReadonlySet<Tally> {
  const thrown = thrownBy(process, reason);
  if (thrown !== undefined) return new Set(thrown.tally === undefined ? [] : [thrown.tally]);
  const { codeKey: key } = process;
  const modules = modulesOf(process);
  const stack = isErrorExit(reason) ? reason.stack : '';
  // The versions of a module mostly have one file: of the module that the process ran, it is that version.
  const named = allModules()
    .map(entry => versionRun(entry, modules, key) ?? entry.inForce(key))
    .filter(
      ({ version: { filename } }) => filename !== undefined && stack.includes(`${filename}:`),
    );
  if (named.length > 0) return new Set(named.map(({ tally }) => tally));
  const run = allModules().flatMap(entry => versionRun(entry, modules, key) ?? []);
  const isBuiltIn = run.every(({ version }) => version.hash === BUILT_IN);
  return new Set([...run.map(({ tally }) => tally), ...(isBuiltIn ? usedBy(process) : [])]);
}

/** The version whose callback module the process ran; where several share it, the one for its key. */
function versionRun(
  entry: ModuleEntry,
  modules: readonly object[],
  key: string | undefined,
): Loaded | undefined {
  const candidates = [entry.inForce(key), ...slotsOf(entry).map(([, loaded]) => loaded)];
  return candidates.find(({ version }) => {
    const module = callbackModuleOf(version);
    return module !== undefined && modules.includes(module);
  });
}

/** The listener is foreign code, and a crash must run its course all the same. */
function tell(crash: CodeCrash): void {
  const told = listener;
  if (told === undefined) return;
  runOutside(() => {
    try {
      told(crash);
    } catch (thrown) {
      const text = 'the listener for crashes of code versions failed: mend it';
      log('error', { kind: 'message', text, error: reasonOf(thrown) }, crash.pid);
    }
  });
}
