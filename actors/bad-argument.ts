/** What a public function says of an argument that it cannot take: Erlang's `badarg`, here a TypeError. */
import { describeReason } from './exit.ts';

/** @param expected with its article, such as `a pid` */
export function badArgument(what: string, expected: string, got: unknown): TypeError {
  return new TypeError(`${what} expects ${expected}, got ${shown(got)}`);
}

/** In one line; what is inside of an object is its owner's. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  return describeReason(value);
}

/** @throws TypeError for what is no function */
export function requireFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw badArgument(what, 'a function', value);
}

/** @throws TypeError for what lacks one of the functions */
export function requireMethods(what: string, value: unknown, names: readonly string[]): void {
  const found = value as Readonly<Record<string, unknown>> | null | undefined;
  if (names.every(name => typeof found?.[name] === 'function')) return;
  throw badArgument(what, `an object with the functions ${names.join(', ')}`, value);
}

/**
 * Options are an object; an empty list stands for none, as in Erlang.
 * @throws TypeError for anything else: an option that is not looked at would be silently without effect
 */
export function requireOptions(what: string, options: unknown): void {
  const given: unknown = Array.isArray(options) && options.length === 0 ? {} : options;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw badArgument(what, 'its options to be an object', options);
  }
}
