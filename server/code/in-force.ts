/**
 * Which versions are in force: the coordinator's book, from which every isolate that starts gets its code. Built-in
 * versions are what is left out.
 */
import type { HandlerModule, HandlerSet } from './handler-files.ts';
import type { Layer, Load, Probation } from './protocol.ts';

/** A version of a module that was loaded. */
export interface Held {
  readonly load: number;
  readonly set: HandlerSet;
  readonly module: HandlerModule;
  /** It has come through its probation: whoever goes back to it needs no other one. */
  readonly isProved: boolean;
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
    const held = module.path === undefined ? 'built-in' : { load, set, module, isProved: false };
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

/** What has nothing before it is built in again. */
export const afterRevert = (book: Book, names: readonly string[]): Book =>
  changeEach(book, names, slots =>
    slots.canary === undefined
      ? { current: slots.old ?? 'built-in', old: undefined, canary: undefined }
      : { ...slots, canary: undefined },
  );

/** The current versions of these modules have come through their probation. */
export const afterProof = (book: Book, names: readonly string[]): Book =>
  changeEach(book, names, ({ current, ...others }) => ({
    ...others,
    current: current === 'built-in' ? current : { ...current, isProved: true },
  }));

export const afterPurge = (book: Book, names: readonly string[]): Book =>
  changeEach(book, names, slots => ({ ...slots, old: undefined }));

function changeEach(book: Book, names: readonly string[], change: (slots: Slots) => Slots): Book {
  const next = new Map(book);
  for (const name of names) next.set(name, change(slotsOf(book, name)));
  return next;
}

/** Modules of which that load is the current version, or the canary. */
export const loadedBy = (book: Book, load: number): readonly string[] =>
  [...book].flatMap(([name, { current, canary }]) =>
    canary?.held.load === load || (current !== 'built-in' && current.load === load) ? [name] : [],
  );

/** Of these modules, those whose current version has still to prove itself, by the load that it came with. */
export function unproved(book: Book, names: readonly string[]): readonly Probation[] {
  const loads = new Map<number, string[]>();
  for (const name of names) {
    const { current } = slotsOf(book, name);
    if (current === 'built-in' || current.isProved) continue;
    loads.set(current.load, [...(loads.get(current.load) ?? []), name]);
  }
  return [...loads].map(([load, modules]) => ({ load, names: modules }));
}

/** Modules with something to go back to: a canary, or an old version. */
export const revertible = (book: Book): readonly string[] =>
  [...book].flatMap(([name, { old, canary }]) =>
    old === undefined && canary === undefined ? [] : [name],
  );

/** Modules with an old version. */
export const withOld = (book: Book): readonly string[] =>
  [...book].flatMap(([name, { old }]) => (old === undefined ? [] : [name]));

/** The directories of which something is current or a canary. */
export const directoriesIn = (book: Book): readonly string[] => [
  ...new Set(
    [...book.values()].flatMap(({ current, canary }) => [
      ...(current === 'built-in' ? [] : [current.set.directory]),
      ...(canary === undefined ? [] : [canary.held.set.directory]),
    ]),
  ),
];

export const canaries = (book: Book): readonly string[] =>
  [...book].flatMap(([name, { canary }]) => (canary === undefined ? [] : [name]));

/**
 * For an isolate that starts: what was in force before, what is in force, and the canary, each version with its own load
 * and modules of one load together. In this order old and current end up where they are elsewhere.
 */
export function layersOf(book: Book): readonly Layer[] {
  const entries = [...book];
  const olds = entries.flatMap(([name, { old }]) =>
    old === undefined || old === 'built-in' ? [] : [[name, old] as const],
  );
  const currents = entries.map(([name, { current }]) => [name, current] as const);
  const trying = entries.flatMap(([name, { canary }]) =>
    canary === undefined ? [] : [[name, canary.held] as const],
  );
  const share = entries.find(([, { canary }]) => canary !== undefined)?.[1].canary?.share;
  return [
    ...loadsOf(olds).map((load): Layer => ({ slot: 'old', load, share: undefined })),
    ...loadsOf(currents).map((load): Layer => ({ slot: 'current', load, share: undefined })),
    ...loadsOf(trying).map((load): Layer => ({ slot: 'canary', load, share })),
  ];
}

/** As they were loaded; what is built in has no load and comes first. */
function loadsOf(
  versions: readonly (readonly [name: string, version: Held | 'built-in'])[],
): readonly Load[] {
  const loads = new Map<number, Load & { readonly modules: Load['modules'][number][] }>();
  for (const [name, version] of versions) {
    const id = version === 'built-in' ? 0 : version.load;
    const files = version === 'built-in' ? [] : version.set.files;
    const load = loads.get(id) ?? { id, files, modules: [] };
    load.modules.push({ name, path: version === 'built-in' ? undefined : version.module.path });
    loads.set(id, load);
  }
  return [...loads.values()].sort((one, other) => one.id - other.id);
}
