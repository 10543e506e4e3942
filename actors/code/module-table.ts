/**
 * The modules that were defined in this isolate, and which versions of each are in force.
 * See `code_server.erl`: at most two versions of a module are there, current and old; ours may have
 * a canary besides, which runs for a share of the keys.
 */
import { shown } from '../bad-argument.ts';
import { wallNow } from '../clock.ts';
import { owningProcess } from '../context.ts';
import { CodeError } from './code-error.ts';
import { inShare } from './share.ts';
import { noteUse } from './used-code.ts';
import type { Tally } from './used-code.ts';
import { BUILT_IN, callbackModuleOf, vsnOf } from './version.ts';
import type { Version } from './version.ts';

/** A version in its place. */
export interface Loaded<Exports extends object = object> {
  readonly version: Version<Exports>;
  /** Milliseconds since 1970. */
  readonly loadedAt: number;
  readonly tally: Tally;
  /** The part of all keys that it runs for, 0 to 1; undefined unless it is a canary. */
  readonly share: number | undefined;
}

/** Looks up what runs now: Erlang's fully qualified call. */
export interface Module<Exports extends object> {
  readonly name: string;
  /** The exports of the current version; with the key of a canary's share, those of the canary. */
  lookup(key?: string): Exports;
}

export class ModuleEntry<Exports extends object = object> implements Module<Exports> {
  readonly name: string;
  readonly builtIn: Version<Exports>;
  readonly check: (exports: Exports) => void;
  #current: Loaded<Exports>;
  #canary: Loaded<Exports> | undefined = undefined;
  old: Loaded<Exports> | undefined = undefined;
  #arriving: Loaded<Exports> | undefined = undefined;
  /** Whether a lookup has to choose, or has to be noted; a built-in version alone is neither. */
  #plain = true;

  constructor(name: string, exports: Exports, check: (exports: Exports) => void) {
    this.name = name;
    const vsn = vsnOf(exports, BUILT_IN);
    this.builtIn = { name, vsn, hash: BUILT_IN, filename: undefined, source: undefined, exports };
    this.check = check;
    this.#current = newLoaded(this.builtIn);
  }

  get current(): Loaded<Exports> {
    return this.#current;
  }

  get canary(): Loaded<Exports> | undefined {
    return this.#canary;
  }

  /** What starts while a step is prepared runs this already, if its key is in the share. */
  set arriving(loaded: Loaded<Exports> | undefined) {
    this.#arriving = loaded;
    anyLoaded = true;
  }

  /** Every version that is there; where two share code it is the earlier one's. */
  get loaded(): Loaded[] {
    const all: (Loaded | undefined)[] = [this.#current, this.#canary, this.old];
    return all.filter(one => one !== undefined);
  }

  /** Brings these into force. */
  put(current: Loaded<Exports>, old: Loaded<Exports> | undefined, canary?: Loaded<Exports>): void {
    this.#current = current;
    this.old = old;
    this.#canary = canary;
    this.#plain = canary === undefined && current.version === this.builtIn;
    anyLoaded = true;
    for (const loaded of [current, canary]) if (loaded !== undefined) this.#know(loaded.version);
  }

  lookup(key?: string): Exports {
    return this.#plain ? this.#current.version.exports : this.#choose(key);
  }

  /** The version for a process that starts. */
  toStart(key: string | undefined): Loaded<Exports> {
    const arriving = this.#arriving;
    if (arriving !== undefined && isFor(arriving, key)) return arriving;
    return this.inForce(key);
  }

  /** From here on its callback module stands for the module, whichever version that is then. */
  #know(version: Version): void {
    const callbacks = callbackModuleOf(version);
    if (callbacks === undefined || byCallbacks.has(callbacks)) return;
    byCallbacks.set(callbacks, this as unknown as ModuleEntry);
  }

  #choose(key: string | undefined): Exports {
    const process = owningProcess();
    const { version, tally } = this.inForce(key ?? process?.codeKey);
    if (process !== undefined) noteUse(process, tally);
    return version.exports;
  }

  /** The version that runs for this key. */
  inForce(key: string | undefined): Loaded<Exports> {
    const canary = this.#canary;
    return canary !== undefined && isFor(canary, key) ? canary : this.#current;
  }
}

/** A version that takes a place now; nothing of it has crashed yet. */
export function newLoaded<Exports extends object>(
  version: Version<Exports>,
  share?: number,
): Loaded<Exports> {
  return { version, loadedAt: wallNow(), tally: { crashes: 0 }, share };
}

/** Whether the version is meant for that key. */
export function isFor({ share }: Loaded, key: string | undefined): boolean {
  return share === undefined || (key !== undefined && inShare(key, share));
}

const byName = new Map<string, ModuleEntry>();
/** By the callback module of any version. */
const byCallbacks = new WeakMap<object, ModuleEntry>();
/** While only built-in versions ever were, or were about to be, in force nothing has to be looked for. */
let anyLoaded = false;

/** Enters a module; the same exports once more change nothing. */
export function enterModule<Exports extends object>(entry: ModuleEntry<Exports>): Module<Exports> {
  const { name, builtIn } = entry;
  const known = byName.get(name);
  if (known !== undefined) {
    if (known.builtIn.exports === builtIn.exports) return known as unknown as Module<Exports>;
    throw new RangeError(
      `code.define(): the module "${name}" is defined already; choose another name`,
    );
  }
  const entered = entry as unknown as ModuleEntry;
  byName.set(name, entered);
  const callbacks = callbackModuleOf(builtIn);
  if (callbacks !== undefined) byCallbacks.set(callbacks, entered);
  return entry;
}

/** @throws CodeError `undefined_module` */
export function moduleNamed(name: string): ModuleEntry {
  const entry = byName.get(name);
  if (entry !== undefined) return entry;
  const known = [...byName.keys()].sort().join(', ') || 'none';
  throw new CodeError(
    'undefined_module',
    `no module ${shown(name)} is defined; defined are: ${known}`,
    {
      module: name,
    },
  );
}

export function allModules(): ModuleEntry[] {
  return [...byName.values()];
}

/**
 * The callback module with which a process starts: of a defined one the version that runs now,
 * whichever version is given, as Erlang starts a module by its name.
 */
export function moduleToStart<Callbacks extends object>(
  module: Callbacks,
  key: string | undefined,
): Callbacks {
  if (!anyLoaded) return module;
  const version = byCallbacks.get(module)?.toStart(key).version;
  return ((version && callbackModuleOf(version)) ?? module) as Callbacks;
}

/** True for the callback module of a version that is in force or was. */
export function wasInForce(module: object | undefined): module is object {
  return module !== undefined && byCallbacks.has(module);
}

/** True when both are callback modules of versions of one module. */
export function areVersionsOfOne(one: object, other: object): boolean {
  const entry = byCallbacks.get(one);
  return entry !== undefined && entry === byCallbacks.get(other);
}
