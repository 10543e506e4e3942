/**
 * Which values can cross to another isolate, and how those cross that no serializer keeps.
 *
 * Plain data crosses as it is: null, undefined, booleans, numbers, bigints, strings, arrays, plain
 * objects, maps, sets, dates, regular expressions, array buffers and views of them. Errors and the
 * `from` of a call are replaced by a plain description (`{ $: 'error', … }`) and made anew at the
 * other end by `restore.ts`. Anything else is refused: a function, a symbol, an instance of a class.
 */
import { describeReason, Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { isVia } from '../via-name.ts';

/** A thing that is no plain data and knows how it is said in plain data. */
export const asData = Symbol('asData');

/** Deeper than this the careful way takes over, which knows circles. */
const CARELESS_DEPTH = 50;

/** True when a serializer keeps the value as it is. Most messages: so it allocates nothing. */
export function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object') return typeof value !== 'function' && typeof value !== 'symbol';
  if (value === null) return true;
  if (depth > CARELESS_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    for (const key in value) {
      if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
    }
    return true;
  }
  return (
    isKept(value) || (isCollection(value) && [...value].every(item => isPlain(item, depth + 1)))
  );
}

/** Objects that every serializer keeps as they are. */
function isKept(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof Date ||
    value instanceof RegExp
  );
}

function isCollection(value: object): value is Map<unknown, unknown> | Set<unknown> {
  return value instanceof Map || value instanceof Set;
}

/**
 * A copy of plain data in which errors and the like are described.
 * @throws TypeError that names what cannot cross, by its path
 */
export function escape(value: unknown, what: string): unknown {
  return new Escaping((path, found) => {
    throw new TypeError(
      `${what}: ${path} is ${found}, which cannot cross to another isolate; send plain data`,
    );
  }).copy(value, 'the value');
}

/** As {@link escape}, but what cannot cross is described in text: an exit must never be lost. */
export function escapeReason(reason: ExitReason): unknown {
  return new Escaping((_path, found) => `[${found}]`).copy(reason, '');
}

class Escaping {
  readonly #refused: (path: string, found: string) => unknown;
  readonly #copies = new Map<object, unknown>();

  constructor(refused: (path: string, found: string) => unknown) {
    this.#refused = refused;
  }

  copy(value: unknown, path: string): unknown {
    if (typeof value === 'function') {
      return this.#refused(path, value.name === '' ? 'a function' : `the function ${value.name}`);
    }
    if (typeof value === 'symbol') return this.#refused(path, String(value));
    if (typeof value !== 'object' || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    if (isVia(value)) return this.#refused(path, 'a via name (send the pid that it stands for)');
    if (Array.isArray(value)) return this.#array(value, path);
    if (isKept(value)) return value;
    if (value instanceof Map) return this.#map(value, path);
    if (value instanceof Set) return this.#set(value, path);
    if (value instanceof Error) return this.#error(value, path);
    if (asData in value) return (value as { [asData](): unknown })[asData]();
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#object(value, path);
    return this.#refused(path, `an instance of ${nameOfClass(value)}`);
  }

  #array(value: readonly unknown[], path: string): unknown[] {
    const copy: unknown[] = [];
    this.#copies.set(value, copy);
    value.forEach((item, index) => (copy[index] = this.copy(item, `${path}[${index}]`)));
    return copy;
  }

  #map(value: ReadonlyMap<unknown, unknown>, path: string): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    this.#copies.set(value, copy);
    for (const [key, item] of value) {
      copy.set(this.copy(key, `a key of ${path}`), this.copy(item, `an entry of ${path}`));
    }
    return copy;
  }

  #set(value: ReadonlySet<unknown>, path: string): Set<unknown> {
    const copy = new Set<unknown>();
    this.#copies.set(value, copy);
    for (const item of value) copy.add(this.copy(item, `a member of ${path}`));
    return copy;
  }

  #error(error: Error, path: string): unknown {
    const copy: Record<string, unknown> = { $: error instanceof Exit ? 'exit' : 'error' };
    this.#copies.set(error, copy);
    copy['name'] = error.name;
    copy['message'] = error.message;
    copy['stack'] = error.stack;
    if (error.cause !== undefined) copy['cause'] = this.copy(error.cause, `${path}.cause`);
    copy['fields'] = this.#fields(error, path);
    return copy;
  }

  /** A plain object that happens to look like one of our descriptions is wrapped in one. */
  #object(value: object, path: string): unknown {
    if (!('$' in value)) return this.#fields(value, path);
    const copy: Record<string, unknown> = { $: 'object' };
    this.#copies.set(value, copy);
    copy['fields'] = this.#fields(value, path, false);
    return copy;
  }

  #fields(value: object, path: string, remember = !(value instanceof Error)): unknown {
    const copy: Record<string, unknown> = {};
    if (remember) this.#copies.set(value, copy);
    for (const [key, item] of Object.entries(value)) {
      // Assigning would call a setter for this one name.
      if (key === '__proto__') continue;
      copy[key] = this.copy(item, path === '' ? key : `${path}.${key}`);
    }
    return copy;
  }
}

function nameOfClass(value: object): string {
  const { constructor } = value;
  return typeof constructor === 'function' ? constructor.name : describeReason(value);
}
