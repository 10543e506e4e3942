/** What a step does to each module: which version its processes leave, and which one they go to. */
import { badArgument } from '../bad-argument.ts';
import { reasonOf, describeReason } from '../exit.ts';
import type { Process } from '../process.ts';
import { CodeError } from './code-error.ts';
import { isFor, moduleNamed, newLoaded } from './module-table.ts';
import type { Loaded, ModuleEntry } from './module-table.ts';
import { missingIn } from './shape.ts';
import { callbackModuleOf } from './version.ts';
import type { Version } from './version.ts';

/**
 * - `load`: these versions become the current ones; with a share (0 to 1) canaries for that part of
 *   all keys.
 * - `promote`: the canaries of these modules become their current versions.
 * - `revert`: the canaries of these modules go, or, where there is none, the current version does
 *   and the old one is current again.
 */
export type Step =
  | { readonly load: readonly Version[]; readonly share?: number | undefined }
  | { readonly promote: readonly string[] }
  | { readonly revert: readonly string[] };

/** What becomes of one module. */
export interface Change {
  readonly entry: ModuleEntry;
  /** The versions whose processes are changed. */
  readonly from: readonly Loaded[];
  readonly to: Loaded;
  /** Back to an older version: the newer one turns the state, and nothing may stop it. */
  readonly back: boolean;
  /** What is in force when the step is committed. */
  readonly after: {
    readonly current: Loaded;
    readonly old: Loaded | undefined;
    readonly canary: Loaded | undefined;
  };
}

/** The changes of a step, all checked, and the modules that have the version already. */
export interface Plan {
  readonly changes: readonly Change[];
  readonly unchanged: readonly string[];
}

/** @throws CodeError when a module is not defined, a version fails its check, or there is none to go to */
export function planStep(step: Step): Plan {
  requireStep(step);
  if ('promote' in step) return all(step.promote, promotion);
  if ('revert' in step) return all(step.revert, reversion);
  const { load, share } = step;
  if (share !== undefined && !(share > 0 && share <= 1)) {
    throw new RangeError(`a canary's share must be above 0 and at most 1, got ${share}`);
  }
  return planLoad(load, share);
}

/** @throws TypeError for what is no step: code is loaded by operators too */
function requireStep(step: unknown): void {
  const { load, promote, revert } = (step ?? {}) as Readonly<Record<string, unknown>>;
  const list: unknown = load ?? promote ?? revert;
  const items: readonly unknown[] = Array.isArray(list) ? list : [undefined];
  const wanted = load === undefined ? isName : isVersion;
  if (items.every(wanted)) return;
  throw badArgument('code', 'a list of versions to load, or of names to promote or revert', list);
}

const isName = (item: unknown): boolean => typeof item === 'string';

/** As `compile` returns them. */
const isVersion = (item: unknown): boolean =>
  typeof item === 'object' && item !== null && 'name' in item && 'exports' in item;

function planLoad(versions: readonly Version[], share: number | undefined): Plan {
  const changes: Change[] = [];
  const unchanged: string[] = [];
  const seen = new Set<string>();
  for (const version of versions) {
    const entry = moduleNamed(version.name);
    if (seen.has(version.name)) {
      throw new RangeError(`two versions of the module "${version.name}" in one step: give one`);
    }
    seen.add(version.name);
    const { current, old, canary } = entry;
    if (canary !== undefined) {
      throw new CodeError(
        'canary_running',
        `the module "${entry.name}" has a canary (${canary.version.hash}): promote or revert it first`,
        { module: entry.name },
      );
    }
    if (version.hash === current.version.hash) {
      unchanged.push(version.name);
      continue;
    }
    checkVersion(entry, version);
    const to = newLoaded(version, share);
    const after =
      share === undefined
        ? { current: to, old: current, canary: undefined }
        : { current, old, canary: to };
    changes.push({ entry, from: present(current, old), to, back: false, after });
  }
  return { changes, unchanged };
}

function all(names: readonly string[], change: (entry: ModuleEntry) => Change): Plan {
  return { changes: [...new Set(names)].map(name => change(moduleNamed(name))), unchanged: [] };
}

function promotion(entry: ModuleEntry): Change {
  const { current, old, canary } = entry;
  if (canary === undefined) {
    throw new CodeError('no_canary', `the module "${entry.name}" has no canary to promote`, {
      module: entry.name,
    });
  }
  const to = { ...canary, share: undefined };
  const after = { current: to, old: current, canary: undefined };
  return { entry, from: present(current, old), to, back: false, after };
}

function reversion(entry: ModuleEntry): Change {
  const { current, old, canary } = entry;
  if (canary !== undefined) {
    const after = { current, old, canary: undefined };
    return { entry, from: [canary], to: current, back: true, after };
  }
  if (old === undefined) {
    throw new CodeError(
      'no_old_version',
      `the module "${entry.name}" has neither a canary nor an old version to go back to; load one`,
      { module: entry.name },
    );
  }
  const after = { current: old, old: undefined, canary: undefined };
  return { entry, from: [current], to: old, back: true, after };
}

function present(...loaded: readonly (Loaded | undefined)[]): Loaded[] {
  return loaded.filter(one => one !== undefined);
}

function checkVersion(entry: ModuleEntry, { exports, filename, hash }: Version): void {
  const lack = missingIn(exports, entry.builtIn.exports);
  let cause: unknown;
  let what = lack;
  if (lack === undefined) {
    try {
      entry.check(exports);
    } catch (thrown) {
      cause = thrown;
      what = describeReason(reasonOf(thrown));
    }
  }
  if (what === undefined) return;
  throw new CodeError(
    'check_failed',
    `${filename ?? entry.name}: this version (${hash}) of "${entry.name}" cannot be used: ${what}`,
    { cause, module: entry.name, filename },
  );
}

/** From one version of a module to another: what a step does to each of its processes. */
export interface Move {
  readonly change: Change;
  /** The version that they run. */
  readonly from: Loaded;
  /** The callback module of that version, and of the one that they go to. */
  readonly module: object;
  readonly next: object;
}

/** A process that a step changes. */
export interface Runner {
  readonly process: Process;
  readonly move: Move;
}

/** Which processes a step concerns, by the callback modules that they run. */
export class Concerned {
  readonly #moves = new Map<object, Move>();

  constructor(changes: readonly Change[]) {
    for (const change of changes) {
      const next = callbackModuleOf(change.to.version);
      for (const from of change.from) {
        const module = callbackModuleOf(from.version);
        // A version may leave the callback module as it was, and change other exports.
        if (module === undefined || next === undefined || module === next) continue;
        this.#moves.set(module, { change, from, module, next });
      }
    }
  }

  get nobody(): boolean {
    return this.#moves.size === 0;
  }

  /** What the step does to this process; undefined when nothing. */
  of(process: Process, module: object): Move | undefined {
    const move = this.#moves.get(module);
    return move !== undefined && isFor(move.change.to, process.codeKey) ? move : undefined;
  }
}
