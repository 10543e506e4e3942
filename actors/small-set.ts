/**
 * A set that costs nothing while empty, no list while it has one member, and no table while it has
 * a few.
 *
 * Almost every process has exactly one link, to its supervisor, and two or three that watch it; a
 * real `Set` for each would be a tenth of the process. Members are never undefined, lists or sets.
 */
export type SmallSet<T> = T | readonly T[] | Set<T> | undefined;

/** A list of so many is gone through faster than a table is made. It is never changed in place. */
const FEW = 4;

/** The set with the member in it; the caller stores what is returned. */
export function smallAdd<T extends object | number>(set: SmallSet<T>, member: T): SmallSet<T> {
  if (set === undefined || set === member) return member;
  if (set instanceof Set) return set.add(member);
  if (!isList(set)) return [set, member];
  if (set.includes(member)) return set;
  return set.length < FEW ? set.concat([member]) : new Set(set).add(member);
}

/** The set without the member; the caller stores what is returned. */
export function smallDelete<T extends object | number>(set: SmallSet<T>, member: T): SmallSet<T> {
  if (set === member) return undefined;
  if (set instanceof Set) set.delete(member);
  if (!isList(set) || !set.includes(member)) return set;
  return set.length === 2 ? set.find(other => other !== member) : set.filter(other => other !== member); // prettier-ignore
}

export function smallHas<T extends object | number>(set: SmallSet<T>, member: T): boolean {
  if (set instanceof Set) return set.has(member);
  return isList(set) ? set.includes(member) : set === member;
}

/** The members in the order they came; a list of the caller's own. */
export function smallList<T extends object | number>(set: SmallSet<T>): T[] {
  if (set === undefined) return [];
  if (set instanceof Set || isList(set)) return [...set];
  return [set];
}

/** How many there are. */
export function smallSize<T extends object | number>(set: SmallSet<T>): number {
  if (set === undefined) return 0;
  if (set instanceof Set) return set.size;
  return isList(set) ? set.length : 1;
}

/** The members in the order they came, without a copy of them all. */
export function smallMembers<T extends object | number>(set: SmallSet<T>): Iterable<T> {
  if (set === undefined) return [];
  return set instanceof Set || isList(set) ? set : [set];
}

function isList<T>(set: SmallSet<T>): set is readonly T[] {
  return Array.isArray(set);
}
