/**
 * Shows any value of the server as a bounded tree of plain data: the one place that decides what of a state, a message or
 * a record an observer sees. Bytes are told by their number only, so that no message body ever is.
 */
import type { Term, TermPart } from '../../protocol/observer.ts';

export interface TermLimits {
  /** Levels below the value itself. */
  readonly depth: number;
  /** Parts of one value. */
  readonly parts: number;
  /** Values in all. */
  readonly values: number;
  /** Characters of one string. */
  readonly characters: number;
}

export const termLimits: TermLimits = { depth: 5, parts: 64, values: 1_500, characters: 240 };

/** A value in one line and without parts, for cells of tables. */
const FLAT = { depth: 0 } as const;

export function showTerm(value: unknown, limits: Partial<TermLimits> = {}): Term {
  return new Shower({ ...termLimits, ...limits }).show(value, 0);
}

/** The value in one line. */
export const showLine = (value: unknown): string => showTerm(value, FLAT).text;

type Parts = Iterable<readonly [key: unknown, value: unknown]>;

class Shower {
  readonly #limits: TermLimits;
  #left: number;
  /** The values that the one being shown is in. */
  readonly #above: object[] = [];

  constructor(limits: TermLimits) {
    this.#limits = limits;
    this.#left = limits.values;
  }

  show(value: unknown, depth: number): Term {
    this.#left -= 1;
    switch (typeof value) {
      case 'undefined':
        return { type: 'undefined', text: 'undefined' };
      case 'boolean':
        return { type: 'boolean', text: String(value) };
      case 'number':
        return { type: 'number', text: Object.is(value, -0) ? '-0' : String(value) };
      case 'bigint':
        return { type: 'number', text: `${value}n` };
      case 'string':
        return { type: 'string', text: this.#quote(value) };
      case 'function':
        return {
          type: 'function',
          text: `[function ${this.#cut(value.name) || 'without a name'}]`,
        };
      case 'symbol':
        return { type: 'other', text: value === ACCESSOR ? '[accessor]' : String(value) };
      case 'object':
        return value === null ? { type: 'null', text: 'null' } : this.#object(value, depth);
    }
  }

  #object(value: object, depth: number): Term {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || isShared(value)) {
      return { type: 'bytes', text: `<${value.byteLength} bytes>` };
    }
    if (this.#above.includes(value)) return { type: 'other', text: '[seen above]' };
    if (Array.isArray(value)) {
      return this.#whole('array', `[${value.length}]`, value, value.length, value.entries(), depth);
    }
    if (value instanceof Map) {
      return this.#whole('map', `Map(${value.size})`, value, value.size, value, depth);
    }
    if (value instanceof Set) {
      const members = numbered(value.values());
      return this.#whole('set', `Set(${value.size})`, value, value.size, members, depth);
    }
    if (value instanceof Date || value instanceof RegExp) {
      return { type: 'other', text: this.#cut(String(value)) };
    }
    const fields = fieldsOf(value);
    if (value instanceof Error) {
      const text = this.#cut(`${value.name}: ${value.message}`);
      return this.#whole('error', text, value, fields.length, fields, depth);
    }
    const text = `${className(value)}{${fields.length === 0 ? '' : '…'}}`;
    return this.#whole('object', text, value, fields.length, fields, depth);
  }

  /** A value with parts, of which as many are shown as the limits allow. */
  #whole(
    type: Term['type'],
    text: string,
    value: object,
    size: number,
    parts: Parts,
    depth: number,
  ): Term {
    if (size === 0) return { type, text };
    const shown: TermPart[] = [];
    if (depth < this.#limits.depth) {
      this.#above.push(value);
      for (const [key, part] of parts) {
        if (shown.length >= this.#limits.parts || this.#left <= 0) break;
        shown.push({ key: this.#key(key), value: this.show(part, depth + 1) });
      }
      this.#above.pop();
    }
    const more = size - shown.length;
    return {
      type,
      text,
      ...(shown.length === 0 ? {} : { parts: shown }),
      ...(more === 0 ? {} : { more }),
    };
  }

  #key(key: unknown): string {
    return typeof key === 'string' ? this.#cut(key) : this.show(key, this.#limits.depth).text;
  }

  #quote(value: string): string {
    return JSON.stringify(this.#cut(value));
  }

  #cut(text: string): string {
    const { characters } = this.#limits;
    return text.length > characters ? `${text.slice(0, characters)}…` : text;
  }
}

const isShared = (value: object): value is SharedArrayBuffer =>
  typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer;

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null;
  const made = prototype?.constructor;
  return typeof made === 'function' && made !== Object && made.name !== '' ? `${made.name} ` : '';
}

/** Its own fields; what would run code to be read is not read. */
function fieldsOf(value: object): [string, unknown][] {
  const fields: [string, unknown][] = [];
  for (const name of Object.getOwnPropertyNames(value)) {
    const field = Object.getOwnPropertyDescriptor(value, name);
    if (field === undefined) continue;
    if (!('value' in field)) fields.push([name, ACCESSOR]);
    else if (field.enumerable === true || value instanceof Error) fields.push([name, field.value]);
  }
  return fields;
}

/** Stands for what only its code could tell. */
const ACCESSOR = Symbol('accessor');

function* numbered(values: Iterable<unknown>): Generator<[number, unknown]> {
  let index = 0;
  for (const value of values) yield [index++, value];
}
