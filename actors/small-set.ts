/**
 * A set that costs nothing while empty and no table while it holds one member.
 *
 * Almost every process has exactly one link, to its supervisor; a real `Set` for each would be a
 * tenth of the process. Members are never undefined and never sets.
 */
export type SmallSet<T> = T | Set<T> | undefined;

/** The set with the member in it; the caller stores what is returned. */
export function smallAdd<T extends object | number>(set: SmallSet<T>, member: T): SmallSet<T> {
  if (set === undefined || set === member) return member;
  if (set instanceof Set) return set.add(member);
  return new Set([set, member]);
}

/** The set without the member; the caller stores what is returned. */
export function smallDelete<T extends object | number>(set: SmallSet<T>, member: T): SmallSet<T> {
  if (set === member) return undefined;
  if (set instanceof Set) set.delete(member);
  return set;
}

export function smallHas<T extends object | number>(set: SmallSet<T>, member: T): boolean {
  return set instanceof Set ? set.has(member) : set === member;
}

/** The members in the order they came. */
export function smallList<T extends object | number>(set: SmallSet<T>): T[] {
  if (set === undefined) return [];
  return set instanceof Set ? [...set] : [set];
}
