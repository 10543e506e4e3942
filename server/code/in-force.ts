/**
 * Which versions are in force: the coordinator's book, from which every isolate that starts gets its code. Built-in
 * versions are what is left out.
 */
import type { HandlerModule, HandlerSet } from './handler-files.ts';
import type { Layer, Load } from './protocol.ts';

/** A version of a module that was loaded. */
export interface Held {
  readonly load: number;
  readonly set: HandlerSet;
  readonly module: HandlerModule;
}

export interface Slots {
  readonly current: Held | 'built-in';
  /** Undefined when nothing was before, or it was purged. */
  readonly old: Held | 'built-in' | undefined;
  readonly canary: { readonly held: Held; readonly share: number } | undefined;
}

const UNTOUCHED: Slots = { current: 'built-in', old: undefined, canary: undefined };

export type Book = ReadonlyMap<string, Slots>;

export const slotsOf = (book: Book, name: string): Slots => book.get(name) ?? UNTOUCHED;

/** What a directory changes: its own modules, and those that it had before and has no longer. */
export interface Difference {
  readonly changed: readonly (
    HandlerModule | { readonly name: string; readonly path: undefined }
  )[];
  readonly unchanged: readonly string[];
}

/** @param withoutRemoved a canary only adds: what is no longer in the directory stays */
export function difference(book: Book, set: HandlerSet, withoutRemoved: boolean): Difference {
  const isSame = ({ name, hash }: HandlerModule): boolean => {
    const { current } = slotsOf(book, name);
    return current !== 'built-in' && current.module.hash === hash;
  };
  const here = new Set(set.modules.map(({ name }) => name));
  const removed = [...book].flatMap(([name, { current }]) =>
    current !== 'built-in' && current.set.directory === set.directory && !here.has(name)
      ? [{ name, path: undefined }]
      : [],
  );
  return {
    changed: [...set.modules.filter(module => !isSame(module)), ...(withoutRemoved ? [] : removed)],
    unchanged: set.modules.filter(isSame).map(({ name }) => name),
  };
}

export function afterLoad(
  book: Book,
  load: number,
  set: HandlerSet,
  changed: Difference['changed'],
  share: number | undefined,
): Book {
  const next = new Map(book);
  for (const module of changed) {
    const slots = slotsOf(book, module.name);
    const held = module.path === undefined ? 'built-in' : { load, set, module };
    if (share === undefined)
      next.set(module.name, { current: held, old: slots.current, canary: undefined });
    else if (held !== 'built-in') next.set(module.name, { ...slots, canary: { held, share } });
  }
  return next;
}

export const afterPromote = (book: Book, names: readonly string[]): Book =>
  changeEach(book, names, slots => ({
    current: slots.canary?.held ?? slots.current,
    old: slots.current,
    canary: undefined,
  }));

export const afterRevert = (book: Book, names: readonly string[]): Book =>
  changeEach(book, names, slots =>
    slots.canary === undefined
      ? { current: slots.old ?? slots.current, old: undefined, canary: undefined }
      : { ...slots, canary: undefined },
  );

export const afterPurge = (book: Book, names: readonly string[]): Book =>
  changeEach(book, names, slots => ({ ...slots, old: undefined }));

function changeEach(book: Book, names: readonly string[], change: (slots: Slots) => Slots): Book {
  const next = new Map(book);
  for (const name of names) next.set(name, change(slotsOf(book, name)));
  return next;
}

/** Modules with something to go back to: a canary, or an old version. */
export const revertible = (book: Book): readonly string[] =>
  [...book].flatMap(([name, { old, canary }]) =>
    old === undefined && canary === undefined ? [] : [name],
  );

export const canaries = (book: Book): readonly string[] =>
  [...book].flatMap(([name, { canary }]) => (canary === undefined ? [] : [name]));

/**
 * For an isolate that starts: what was in force before, what is in force, and the canary, each version with its own load
 * and modules of one load together. In this order old and current end up where they are elsewhere.
 */
export function layersOf(book: Book): readonly Layer[] {
  const layers: Layer[] = [];
  const entries = [...book];
  const olds = entries.map(([name, { old }]) => [name, old] as const);
  layers.push(
    ...together(
      olds.filter(([, old]) => old !== 'built-in'),
      undefined,
    ),
  );
  // Back to the built-in one only where something was loaded over it just now.
  const currents = entries
    .filter(([, { current, old }]) => current !== 'built-in' || old !== undefined)
    .map(([name, { current }]) => [name, current] as const);
  layers.push(...together(currents, undefined));
  const shares = new Map(
    entries.flatMap(([, { canary }]) =>
      canary === undefined ? [] : [[canary.held.load, canary.share] as const],
    ),
  );
  for (const [load, share] of shares) {
    const held = entries
      .filter(([, { canary }]) => canary?.held.load === load)
      .map(([name, { canary }]) => [name, canary?.held] as const);
    layers.push(...together(held, share));
  }
  return layers;
}

function together(
  versions: readonly (readonly [name: string, version: Held | 'built-in' | undefined])[],
  share: number | undefined,
): readonly Layer[] {
  const loads = new Map<number, Load & { modules: Load['modules'][number][] }>();
  for (const [name, version] of versions) {
    if (version === undefined) continue;
    const id = version === 'built-in' ? 0 : version.load;
    const load = loads.get(id) ?? {
      id,
      files: version === 'built-in' ? [] : version.set.files,
      modules: [],
    };
    load.modules.push({ name, path: version === 'built-in' ? undefined : version.module.path });
    loads.set(id, load);
  }
  return [...loads].sort(([one], [other]) => one - other).map(([, load]) => ({ load, share }));
}
