/**
 * Terms: nested values in one column, as msgpack. Extension types are refused on the way in, so
 * that what comes out again is data and nothing else.
 */
import { Packr } from 'msgpackr';

const DEPTH_LIMIT = 64;
const packr = new Packr({ useRecords: false, moreTypes: false, structuredClone: false });

/** Throws TypeError when the value is, or holds, something that is no term. */
export function encodeTerm(value: unknown, column: string): Uint8Array {
  assertTerm(value, column, 0);
  return packr.pack(value);
}

export function decodeTerm(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

function assertTerm(value: unknown, column: string, depth: number): void {
  if (depth > DEPTH_LIMIT) {
    throw new TypeError(`expected a term of at most ${DEPTH_LIMIT} levels in ${column}`);
  }
  switch (typeof value) {
    case 'boolean':
    case 'number':
      return;
    case 'string':
      if (isWellFormed(value)) return;
      break;
    case 'object':
      if (value === null || value instanceof Uint8Array) return;
      if (Array.isArray(value)) {
        for (const item of value) assertTerm(item, column, depth + 1);
        return;
      }
      if (isPlainObject(value)) {
        for (const [name, item] of Object.entries(value)) {
          if (name === '__proto__') throw new TypeError(`${column} holds a key __proto__`);
          assertTerm(name, column, depth + 1);
          assertTerm(item, column, depth + 1);
        }
        return;
      }
      break;
    default:
  }
  throw new TypeError(
    `expected null, booleans, numbers, well-formed strings, Uint8Array, arrays and plain objects in ${column}, got ${describe(value)}`,
  );
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A lone surrogate has no UTF-8 form: it would come back as another character. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Names a value's kind for an error, never its content. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return isWellFormed(value) ? 'a string' : 'an ill-formed string';
  if (typeof value !== 'object')
    return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
  return Array.isArray(value) ? 'an array' : `an object ${value.constructor.name}`;
}
