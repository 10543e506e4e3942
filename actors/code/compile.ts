/**
 * Makes a version of a source: transformed, compiled and run, in this thread.
 *
 * `vm.compileFunction` and never `import()`: what Node imported once it keeps for good, and a
 * thousand reloads would be a thousand copies in memory.
 */
import { createHash } from 'node:crypto';
import { requireOptions } from '../bad-argument.ts';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';
import { CodeError } from './code-error.ts';
import { isRecord } from './shape.ts';
import { placeIn } from './source-place.ts';
import { vsnOf } from './version.ts';
import type { Version } from './version.ts';

/** Turns a source into CommonJS JavaScript; it must keep the lines where they are. */
export type Transform = (source: string, filename: string) => string;

export interface Source {
  readonly name: string;
  /** What stack traces call it. */
  readonly filename: string;
  readonly source: string;
  /** What `require(specifier)` gives inside: running instances. It throws what is not to be had. */
  readonly resolve: (specifier: string, filename: string) => object;
}

let transform: Transform = source => source;

/** Puts another transform in place for what is compiled from now on; without one, none. */
export function setTransform(replacement: Transform = source => source): void {
  transform = replacement;
}

/** What CommonJS gives a module. */
const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'] as const;
/** Of the hash: enough that two sources never share one. */
const HASH_DIGITS = 16;

/** The hashes of compiled exports: whoever requires them changes with them. */
const hashes = new WeakMap<object, string>();

/** @throws CodeError `compile_failed` with the file, the line and what is wrong there */
export function compile(given: Source): Version {
  requireOptions('code.compile()', given);
  const { name, filename, source, resolve } = given;
  const hash = createHash('sha256').update(source);
  let running = true;
  const require = (specifier: string): object => {
    const exports = resolve(specifier, filename);
    // What is required later, from within a function, comes too late to count.
    if (running) hash.update(`\0${specifier}\0${hashes.get(exports) ?? ''}`);
    return exports;
  };
  const exports = run(source, filename, require);
  running = false;
  const digest = hash.digest('hex').slice(0, HASH_DIGITS);
  hashes.set(exports, digest);
  return { name, vsn: vsnOf(exports, digest), hash: digest, filename, source, exports };
}

function run(source: string, filename: string, require: (specifier: string) => object): object {
  const module: { exports: unknown } = { exports: {} };
  try {
    const body = compileFunction(transform(source, filename), PARAMETERS, { filename });
    body.call(module.exports, module.exports, require, module, filename, dirname(filename));
  } catch (thrown) {
    throw failed(thrown, filename);
  }
  if (isRecord(module.exports)) return module.exports;
  throw failed(new TypeError('module.exports must be an object'), filename);
}

function failed(thrown: unknown, filename: string): CodeError {
  if (thrown instanceof CodeError && thrown.code === 'compile_failed') return thrown;
  const { line, column } = placeIn(thrown, filename);
  const where = [filename, line, column].filter(part => part !== undefined).join(':');
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new CodeError(
    'compile_failed',
    `${where}: ${what}; mend the file and load it again, what ran goes on as before`,
    { cause: thrown, filename, line, column },
  );
}
