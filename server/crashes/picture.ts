/**
 * Any value as plain JSON, and the value again: what crash files are made of. Objects that are met twice stay one
 * object, circles stay circles. What cannot be put down (functions, objects of unknown classes) is named instead, and
 * comes back as something that says so when it is used.
 */

/** JSON. What JSON has no word for is an object with the one key `$` before all others. */
export type Picture =
  null | boolean | number | string | readonly Picture[] | { readonly [key: string]: Picture };

/** Classes whose objects are taken apart by field and put together again. Their fields must not be `#private`. */
export type Classes = Readonly<Record<string, new (...args: never[]) => object>>;

/** Objects that are not part of the value and are found anew: services, by name. */
export interface Known {
  readonly classes: Classes;
  /** @returns the name of an object that is not to be taken apart, with what else must be known of it */
  readonly nameOf?: (
    value: object,
  ) => { readonly name: string; readonly with?: Picture } | undefined;
  /** The object of that name. */
  readonly named?: (name: string, given: Picture | undefined) => object;
}

/** @throws nothing: what cannot be put down is named */
export function toPicture(value: unknown, known: Known): Picture {
  return new Painter(known).paint(value);
}

class Painter {
  readonly #known: Known;
  readonly #seen = new Map<object, number>();

  constructor(known: Known) {
    this.#known = known;
  }

  paint(value: unknown): Picture {
    switch (typeof value) {
      case 'undefined':
        return { $: 'undefined' };
      case 'boolean':
      case 'string':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { $: 'number', is: Object.is(value, -0) ? '-0' : String(value) };
      case 'bigint':
        return { $: 'bigint', is: String(value) };
      case 'symbol':
        return { $: 'symbol', is: String(value.description) };
      case 'function':
        return { $: 'function', name: value.name };
      case 'object':
        return value === null ? null : this.#object(value);
    }
  }

  #object(value: object): Picture {
    const met = this.#seen.get(value);
    if (met !== undefined) return { $: 'again', n: met };
    const named = this.#known.nameOf?.(value);
    if (named !== undefined)
      return {
        $: 'known',
        name: named.name,
        ...(named.with === undefined ? {} : { with: named.with }),
      };
    this.#seen.set(value, this.#seen.size);
    if (Array.isArray(value)) return value.map(item => this.paint(item));
    if (value instanceof Map)
      return { $: 'map', of: [...value].map(pair => pair.map(item => this.paint(item))) };
    if (value instanceof Set) return { $: 'set', of: [...value].map(item => this.paint(item)) };
    if (value instanceof Date) return { $: 'date', is: value.getTime() };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytes(value);
    if (value instanceof Error)
      return {
        $: 'error',
        name: value.name,
        message: value.message,
        stack: value.stack ?? '',
        fields: this.#fields(value),
      };
    return this.#ofClass(value);
  }

  #ofClass(value: object): Picture {
    const prototype = Object.getPrototypeOf(value) as { constructor?: { name: string } } | null;
    if (prototype === null || prototype === Object.prototype) {
      const fields = this.#fields(value);
      return '$' in fields ? { $: 'object', fields } : fields;
    }
    const name = prototype.constructor?.name ?? '';
    const own = this.#known.classes[name];
    return own !== undefined && value instanceof own
      ? { $: 'class', name, fields: this.#fields(value) }
      : { $: 'opaque', name };
  }

  #fields(value: object): { [key: string]: Picture } {
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [key, this.paint(field)] as const),
    );
  }
}

function bytes(value: ArrayBufferView | ArrayBuffer): Picture {
  const view = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
  return { $: 'bytes', base64: view.toString('base64') };
}

/** @throws TypeError for what is no picture */
export function fromPicture(picture: Picture, known: Known): unknown {
  return new Reader(known).read(picture);
}

type Tagged = { readonly [key: string]: Picture } & { readonly $: Picture };

class Reader {
  readonly #known: Known;
  readonly #made: object[] = [];

  constructor(known: Known) {
    this.#known = known;
  }

  read(picture: Picture): unknown {
    if (typeof picture !== 'object' || picture === null) return picture;
    if (isList(picture)) {
      const list: unknown[] = [];
      this.#made.push(list);
      for (const item of picture) list.push(this.read(item));
      return list;
    }
    return '$' in picture ? this.#tagged(picture as Tagged) : this.#plain({}, picture);
  }

  #plain(made: object, fields: { readonly [key: string]: Picture }): object {
    this.#made.push(made);
    return this.#fill(made, fields);
  }

  #fill(made: object, fields: { readonly [key: string]: Picture }): object {
    for (const [key, field] of Object.entries(fields))
      Object.defineProperty(made, key, {
        value: this.read(field),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    return made;
  }

  #tagged(picture: Tagged): unknown {
    switch (picture.$) {
      case 'undefined':
        return undefined;
      case 'number':
        return Number(picture['is']);
      case 'bigint':
        return BigInt(picture['is'] as string);
      case 'symbol':
        return Symbol(picture['is'] as string);
      case 'function':
        return missing(`the function ${text(picture['name'])}`, text(picture['name']));
      case 'again':
        return this.#made[picture['n'] as number];
      case 'known':
        return this.#named(picture);
      case 'map':
        return this.#map(picture['of'] as readonly (readonly [Picture, Picture])[]);
      case 'set':
        return this.#set(picture['of'] as readonly Picture[]);
      case 'date':
        return this.#keep(new Date(picture['is'] as number));
      case 'bytes':
        return this.#keep(new Uint8Array(Buffer.from(text(picture['base64']), 'base64')));
      case 'error':
        return this.#error(picture);
      case 'object':
        return this.#plain({}, picture['fields'] as { readonly [key: string]: Picture });
      case 'class':
        return this.#ofClass(picture);
      case 'opaque':
        return this.#keep(missing(`an object of the class ${text(picture['name'])}`));
      default:
        throw new TypeError(`this is no picture of a value: $ is ${JSON.stringify(picture.$)}`);
    }
  }

  #keep<T extends object>(made: T): T {
    this.#made.push(made);
    return made;
  }

  #named(picture: Tagged): object {
    const name = text(picture['name']);
    return this.#known.named?.(name, picture['with']) ?? missing(name);
  }

  #map(pairs: readonly (readonly [Picture, Picture])[]): Map<unknown, unknown> {
    const map = this.#keep(new Map<unknown, unknown>());
    for (const [key, value] of pairs) map.set(this.read(key), this.read(value));
    return map;
  }

  #set(items: readonly Picture[]): Set<unknown> {
    const set = this.#keep(new Set<unknown>());
    for (const item of items) set.add(this.read(item));
    return set;
  }

  #error(picture: Tagged): Error {
    const error = this.#keep(new Error(text(picture['message'])));
    error.name = text(picture['name']);
    error.stack = text(picture['stack']);
    this.#fill(error, picture['fields'] as { readonly [key: string]: Picture });
    return error;
  }

  #ofClass(picture: Tagged): object {
    const name = text(picture['name']);
    const own = this.#known.classes[name];
    if (own === undefined) throw new TypeError(`the class ${name} is not known here`);
    const made = Object.create(own.prototype as object) as object;
    return this.#plain(made, picture['fields'] as { readonly [key: string]: Picture });
  }
}

/** Of the fields that a picture of ours has for certain. */
const text = (picture: Picture | undefined): string => (typeof picture === 'string' ? picture : '');

const isList = (picture: Picture): picture is readonly Picture[] => Array.isArray(picture);

/** Stands where something was that cannot be put down: whoever calls it hears of that. */
export class NotKept extends Error {
  override readonly name = 'NotKept';
}

function missing(what: string, name = ''): () => never {
  const call = (): never => {
    throw new NotKept(
      `${what} could not be kept in the crash file, so this step cannot go on here`,
    );
  };
  return Object.defineProperty(call, 'name', { value: name });
}
