/** Makes anew what `escape.ts` described: errors, and the `from` of a call. In place: it is ours. */
import { Exit } from '../exit.ts';
import type { Pid } from '../pid.ts';
import { fromOf } from './remote-from.ts';

const STANDARD_ERRORS = new Map<string, new (message: string) => Error>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(one => [
    one.name,
    one,
  ]),
);

type Description =
  | {
      readonly $: 'error' | 'exit';
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause?: unknown;
      readonly fields: Record<string, unknown>;
    }
  | { readonly $: 'object'; readonly fields: Record<string, unknown> }
  | { readonly $: 'from'; readonly pid: Pid | undefined; isolate: number; readonly ref: number };

/** The value that was sent, from the escaped one that arrived. */
export function restore(value: unknown): unknown {
  return new Restoring().value(value);
}

class Restoring {
  readonly #made = new Map<object, unknown>();

  value(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (this.#made.has(value)) return this.#made.get(value);
    if (Array.isArray(value)) return this.#array(value);
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Set) return this.#set(value);
    if ('$' in value) return this.#described(value as Description);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    this.#made.set(value, value);
    return this.#fields(value as Record<string, unknown>, value as Record<string, unknown>);
  }

  #array(items: unknown[]): unknown[] {
    this.#made.set(items, items);
    items.forEach((item, index) => (items[index] = this.value(item)));
    return items;
  }

  #map(map: Map<unknown, unknown>): Map<unknown, unknown> {
    const made = new Map<unknown, unknown>();
    this.#made.set(map, made);
    for (const [key, item] of map) made.set(this.value(key), this.value(item));
    return made;
  }

  #set(set: Set<unknown>): Set<unknown> {
    const made = new Set<unknown>();
    this.#made.set(set, made);
    for (const item of set) made.add(this.value(item));
    return made;
  }

  #described(given: Description): unknown {
    switch (given.$) {
      case 'from':
        return fromOf(given.pid, given.isolate, given.ref);
      case 'object': {
        const made = {};
        this.#made.set(given, made);
        return this.#fields(given.fields, made);
      }
      case 'error':
      case 'exit': {
        const made = newError(given.$, given.name, given.message);
        this.#made.set(given, made);
        hide(made, 'stack', given.stack);
        if ('cause' in given) hide(made, 'cause', this.value(given.cause));
        if (made.name !== given.name) hide(made, 'name', given.name);
        if (made.message !== given.message) hide(made, 'message', given.message);
        return this.#fields(given.fields, made as unknown as Record<string, unknown>);
      }
    }
  }

  #fields<T extends Record<string, unknown>>(from: Record<string, unknown>, into: T): T {
    for (const key of Object.keys(from)) {
      (into as Record<string, unknown>)[key] = this.value(from[key]);
    }
    return into;
  }
}

function newError(kind: 'error' | 'exit', name: string, message: string): Error {
  // Its reason is among its fields.
  if (kind === 'exit') return new Exit(undefined);
  return new (STANDARD_ERRORS.get(name) ?? Error)(message);
}

/** As errors have them: writable, but not among what is listed. */
function hide(error: Error, key: 'stack' | 'cause' | 'name' | 'message', value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
}
