/**
 * Match patterns, as `ets:match/2` has them: data in which `'_'` stands for anything, and `'$1'`,
 * `'$2'` … for anything that is the same wherever the variable stands again.
 */
import { isDeepStrictEqual } from 'node:util';

/** A pattern, or a function in place of a pattern with guards. */
export type Pattern = ((value: never) => boolean) | Readonly<object> | Primitive;

type Primitive = string | number | bigint | boolean | null | undefined;

const VARIABLE = /^\$\d+$/;

export function matches(pattern: Pattern, value: unknown): boolean {
  if (typeof pattern === 'function') return (pattern as (value: unknown) => boolean)(value);
  return fits(pattern, value, new Map());
}

function fits(pattern: unknown, value: unknown, bound: Map<string, unknown>): boolean {
  if (pattern === '_') return true;
  if (typeof pattern === 'string' && VARIABLE.test(pattern)) {
    if (bound.has(pattern)) return isDeepStrictEqual(bound.get(pattern), value);
    bound.set(pattern, value);
    return true;
  }
  if (Array.isArray(pattern)) {
    return (
      Array.isArray(value) &&
      value.length === pattern.length &&
      pattern.every((item, index) => fits(item, value[index], bound))
    );
  }
  if (typeof pattern === 'object' && pattern !== null) {
    // As Erlang's maps: what the pattern does not name may be there all the same.
    return (
      typeof value === 'object' &&
      value !== null &&
      Object.entries(pattern).every(
        ([name, item]) => name in value && fits(item, (value as Fields)[name], bound),
      )
    );
  }
  return Object.is(pattern, value);
}

type Fields = Readonly<Record<string, unknown>>;
