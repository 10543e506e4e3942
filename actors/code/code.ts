/**
 * code: current and old versions of modules, and how running processes come from one to the other.
 * The names are those of `code.erl`; `upgrade` does what `release_handler` does.
 *
 * A *module* is a name with exports: either a callback module that processes run (the export
 * `default`), or plain functions that are looked up by name for each call, as Erlang does with a
 * fully qualified call. The server that defines a module says with it what a version of it needs.
 * All of it is for the own isolate; `prepare` is for those who change several.
 */
import { badArgument, requireOptions } from '../bad-argument.ts';
import { owningProcess, requireProcess } from '../context.ts';
import { countCrashes } from './crashes.ts';
import { ModuleEntry, allModules, enterModule, moduleNamed } from './module-table.ts';
import type { Loaded, Module } from './module-table.ts';
import { killInside, openPreparation, refuseWhileUnderWay } from './preparation.ts';
import type { Outcome, PrepareOptions, Prepared } from './preparation.ts';
import { atOnce, inside, lookInside } from './inside.ts';
import { planStep } from './step.ts';
import type { Step } from './step.ts';
import { noteThrown } from './used-code.ts';
import type { Version } from './version.ts';

export { CodeError } from './code-error.ts';
export type { CodeErrorCode } from './code-error.ts';
export { compile, setTransform } from './compile.ts';
export type { Source, Transform } from './compile.ts';
export { onCrash } from './crashes.ts';
export type { CodeCrash, CrashListener, Slot } from './crashes.ts';
export type { Module } from './module-table.ts';
export type { Outcome, PrepareOptions, Prepared } from './preparation.ts';
export { placeIn } from './source-place.ts';
export type { Place } from './source-place.ts';
export type { Step } from './step.ts';
export type { Version } from './version.ts';

const DEFAULT_TIMEOUT_MS = 5_000;

export interface DefineOptions<Exports> {
  /**
   * Throws what is wrong with a version, in words for its author; may call it with made-up
   * arguments. That each function of the built-in module is there is checked before.
   */
  check?(exports: Exports): void;
}

/**
 * Enters a built-in module under a name. Processes that start with its callback module
 * (`exports.default`) get the version that is in force then. The same exports once more change
 * nothing.
 * @throws TypeError for what is no name or no exports, RangeError when the name stands for other exports
 */
export function define<Exports extends object>(
  name: string,
  exports: Exports,
  options: DefineOptions<Exports> = {},
): Module<Exports> {
  if (typeof name !== 'string' || name === '') {
    throw badArgument('code.define()', 'a name that is a string and not empty', name);
  }
  if (typeof (exports as unknown) !== 'object' || (exports as unknown) === null) {
    throw badArgument('code.define()', 'the exports of a module', exports);
  }
  countCrashes();
  return enterModule(new ModuleEntry(name, exports, given => options.check?.(given)));
}

/**
 * The exports of a module as they are in force now. With a key (a user's name), or in a process that
 * has one, those of a canary if the key is in its share. Look them up for each call, and keep none.
 * @throws CodeError `undefined_module`
 */
export function lookup(name: string, key?: string): object {
  return moduleNamed(name).lookup(key);
}

/** A module to look up without its name: what asks for every message keeps it. @throws CodeError `undefined_module` */
export function moduleOf(name: string): Module<object> {
  return moduleNamed(name);
}

/**
 * Says that this was thrown out of a version of plain functions, or is why its call failed: when the
 * calling process, or the one on whose behalf it was called, crashes for it, the crash is that
 * version's and nobody else's. Then throw it.
 * @param exports what `lookup` gave
 */
export function blame(name: string, exports: object, thrown: unknown): void {
  const process = owningProcess();
  if (process === undefined) return;
  const loaded = moduleNamed(name).loaded.find(({ version }) => version.exports === exports);
  noteThrown(process, thrown, loaded?.tally);
}

/** The key of the calling process, when it was not known yet when it started (option `codeKey`). */
export function setKey(key: string): void {
  requireProcess('code.setKey()').codeKey = key;
}

/** The version that the program itself brought, to go back to it by a step. */
export function builtIn(name: string): Version {
  return moduleNamed(name).builtIn;
}

/**
 * Changes all processes that the step concerns and leaves them suspended, so that several isolates
 * can be changed together: when all are prepared all commit, else all revert. What starts meanwhile
 * starts with the new version. When the calling process dies, the step is reverted.
 * @returns a promise that rejects with a {@link CodeError}; then nothing has changed
 */
export async function prepare(step: Step, options: PrepareOptions = {}): Promise<Prepared> {
  requireOptions('code.prepare()', options);
  const { extra, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs must be above 0, got ${timeoutMs}`);
  refuseWhileUnderWay();
  const preparation = openPreparation(planStep(step), extra);
  await preparation.begin(timeoutMs);
  return preparation;
}

export interface UpgradeOptions extends PrepareOptions {
  /** The part of all keys (above 0, at most 1) for which these versions run as canaries. */
  readonly share?: number;
}

/**
 * Brings versions into force: suspends who runs the modules, loads, calls
 * `codeChange(oldVsn, state, extra)` of the new version for each, and resumes them. A failure puts
 * the old code and the state back and rejects with a {@link CodeError}. `codeChange` must return a
 * new state and not change the old one: that is what is put back. A version that was old before is
 * purged, as Erlang does when it loads a third one.
 */
export function upgrade(
  versions: readonly Version[],
  { share, ...options }: UpgradeOptions = {},
): Promise<Outcome> {
  return carryOut({ load: versions, share }, options);
}

/** Makes the canaries of these modules their current versions. */
export function promote(names: readonly string[], options?: PrepareOptions): Promise<Outcome> {
  return carryOut({ promote: names }, options);
}

/**
 * Takes the canaries of these modules back, or, where there is none, goes back to the old version.
 * The newer version turns the state: `codeChange(['down', olderVsn], state, extra)`, as in OTP. A
 * process that fails in it, or does not come to rest in time, is ended: its supervisor starts it
 * with the older version. The version that was taken back is gone.
 */
export function revert(names: readonly string[], options?: PrepareOptions): Promise<Outcome> {
  return carryOut({ revert: names }, options);
}

async function carryOut(step: Step, options?: PrepareOptions): Promise<Outcome> {
  const prepared = await prepare(step, options);
  const { modules, unchanged, processes } = prepared;
  prepared.commit();
  return { modules, unchanged, processes };
}

/**
 * Makes versions the current ones without changing a process (`code:load_file/1`): what starts and
 * what is looked up from now on is new, processes stay in their version. A third version purges.
 * @throws CodeError
 */
export function load(versions: readonly Version[]): Outcome {
  refuseWhileUnderWay();
  const { changes, unchanged } = planStep({ load: versions });
  const preparation = openPreparation({ changes: changes.map(change => ({ ...change, from: [] })), unchanged }, undefined); // prettier-ignore
  const { modules, processes } = preparation;
  preparation.commit();
  return { modules, unchanged, processes };
}

/** Removes the old version and kills who lingers in it; true if somebody did (`code:purge/1`). */
export function purge(name: string): boolean {
  refuseWhileUnderWay();
  const entry = moduleNamed(name);
  const { old } = entry;
  if (old === undefined) return false;
  entry.put(entry.current, undefined, entry.canary);
  return killInside([old], entry.loaded);
}

/** Removes the old version unless somebody lingers in it: then false (`code:soft_purge/1`). */
export function softPurge(name: string): boolean {
  refuseWhileUnderWay();
  const entry = moduleNamed(name);
  const { old } = entry;
  if (old === undefined) return true;
  if (inside(entry.loaded).has(old)) return false;
  entry.put(entry.current, undefined, entry.canary);
  return true;
}

/** A version in its place. */
export interface VersionInfo {
  readonly vsn: unknown;
  readonly hash: string;
  readonly filename: string | undefined;
  /** Milliseconds since 1970. */
  readonly loadedAt: number;
  /** Processes in it: running its callback module, or waiting inside one of its functions. */
  readonly processes: number;
  /** Thrown out of it, or of processes that ran it; see `blame`. */
  readonly crashes: number;
}

export interface ModuleInfo {
  readonly name: string;
  readonly current: VersionInfo;
  readonly old: VersionInfo | undefined;
  readonly canary: (VersionInfo & { readonly share: number }) | undefined;
}

/** All modules with the versions that are in force, by name. */
export const list = (): ModuleInfo[] => atOnce(listing(Infinity));

/** The same in steps of so many processes, for who must not hold up others where there are very many. */
export function* listing(stepSize: number): Generator<undefined, ModuleInfo[]> {
  const entries = allModules();
  const processes = yield* lookInside(
    entries.flatMap(({ loaded }) => loaded),
    stepSize,
  );
  const describe = (loaded: Loaded): VersionInfo => ({
    vsn: loaded.version.vsn,
    hash: loaded.version.hash,
    filename: loaded.version.filename,
    loadedAt: loaded.loadedAt,
    processes: processes.get(loaded)?.length ?? 0,
    crashes: loaded.tally.crashes,
  });
  return entries
    .map(({ name, current, old, canary }) => ({
      name,
      current: describe(current),
      old: old && describe(old),
      canary: canary && { ...describe(canary), share: canary.share ?? 1 },
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
