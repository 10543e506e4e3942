/** What a new version must have so that it can stand where the one before it stood. */

/** A callback module may do without these. */
const OPTIONAL_CALLBACKS: readonly string[] = [
  'codeChange',
  'formatStatus',
  'snapshot',
  'terminate',
];

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/**
 * What the version lacks of the functions that the built-in one has, in a sentence; undefined when
 * it has them all. A version may have more than the built-in one.
 */
export function missingIn(exports: object, builtIn: object): string | undefined {
  for (const [name, known] of Object.entries(builtIn)) {
    const given = (exports as Readonly<Record<string, unknown>>)[name];
    if (typeof known === 'function' && typeof given !== 'function') {
      return `it must export a function ${name}, and exports ${typeNameOf(given)}`;
    }
    if (name !== 'default' || !isRecord(known)) continue;
    if (!isRecord(given)) {
      return `its default export must be the callback module, and is ${typeNameOf(given)}`;
    }
    const callback = missingCallback(given, known);
    if (callback !== undefined) {
      return (
        `its callback module needs a function ${callback}, and has ` +
        `${typeNameOf(given[callback])}: write it, or extend the built-in module`
      );
    }
  }
  return undefined;
}

function missingCallback(
  given: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, unknown>>,
): string | undefined {
  return Object.keys(known).find(
    name =>
      typeof known[name] === 'function' &&
      typeof given[name] !== 'function' &&
      !OPTIONAL_CALLBACKS.includes(name),
  );
}

function typeNameOf(value: unknown): string {
  if (value === undefined) return 'none';
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
