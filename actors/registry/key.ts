/**
 * Keys that are equal when their contents are, as Erlang's terms: JavaScript's maps compare arrays
 * and objects by identity.
 */

/** Begins what stands for an array or object, and no text that comes from elsewhere. */
const WRITTEN = '\u0000';

/**
 * What stands for a key in a map: the same for keys of the same contents.
 * @throws TypeError for what is no plain data: an instance of a class has an identity of its own
 */
export function identityOf(key: unknown): unknown {
  if (typeof key === 'string') return key.startsWith(WRITTEN) ? WRITTEN + written(key) : key;
  if (typeof key === 'object' && key !== null) return WRITTEN + written(key);
  if (typeof key === 'function') throw new TypeError(refusal(`the function ${key.name}`));
  return key;
}

/** What stands for a key, as a person reads it: `alice`, `42`, `["user",7]`. */
export const identityText = (identity: unknown): string =>
  typeof identity === 'string' && identity.startsWith(WRITTEN)
    ? identity.slice(WRITTEN.length)
    : String(identity);

function written(term: unknown): string {
  switch (typeof term) {
    case 'string':
      return JSON.stringify(term);
    case 'number':
      return Object.is(term, -0) ? '0' : String(term);
    case 'bigint':
      return `${term}n`;
    case 'boolean':
    case 'undefined':
      return String(term);
    case 'object':
      return term === null ? 'null' : writtenObject(term);
    default:
      throw new TypeError(refusal(`a ${typeof term}`));
  }
}

function writtenObject(term: object): string {
  if (Array.isArray(term)) return `[${term.map(written).join(',')}]`;
  const prototype: unknown = Object.getPrototypeOf(term);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(refusal(`an instance of ${term.constructor.name}`));
  }
  const fields = Object.entries(term).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${written(value)}`).join(',')}}`;
}

function refusal(found: string): string {
  return `a registry's key must be plain data (text, numbers, arrays, objects), got ${found}`;
}
