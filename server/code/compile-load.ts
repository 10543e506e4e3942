/** Runs the files of a load in this isolate: modules and the files they import, each once. */
import * as actors from '../../actors/index.ts';
import { code } from '../../actors/index.ts';
import * as supervisors from '../../supervisors/index.ts';
import type { HandlerFile } from './handler-files.ts';
import { isEntryPoint, resolveImport, type EntryPoint } from './imports.ts';
import { refuseMissingNames } from './missing-names.ts';
import type { Load } from './protocol.ts';
import * as protocol from './public/protocol.ts';
import * as server from './public/server.ts';

/** What handlers get are the instances that run. */
const instances: Readonly<Record<EntryPoint, object>> = {
  'strowger/actors': actors,
  'strowger/supervisors': supervisors,
  'strowger/protocol': protocol,
  'strowger/server': server,
};

/** What a module's exports were compiled from; of built-in ones nothing. As long as the exports live. */
const origins = new WeakMap<object, Origin>();

export interface Origin {
  readonly name: string;
  readonly path: string;
  readonly files: readonly HandlerFile[];
}

function note({ exports }: code.Version, origin: Origin): void {
  origins.set(exports, origin);
  const { default: own } = exports as { readonly default?: unknown };
  if (typeof own === 'object' && own !== null) origins.set(own, origin);
}

/** @returns where these exports, or this callback module, come from; undefined for what is built in */
export const originOf = (exports: object): Origin | undefined => origins.get(exports);

/** As V8 says it one could believe that these files are modules in its sense. */
const AWAIT = /SyntaxError: await is only valid in async functions[^;]*/;
const OUR_AWAIT =
  'await is outside of any async function: at the top of a file nothing can be waited for, do it in init or in a request handler';

function inOurWords(compile: () => code.Version): code.Version {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof code.CodeError) || !AWAIT.test(error.message)) throw error;
    const { filename, line, column } = error;
    const message = error.message.replace(AWAIT, OUR_AWAIT);
    throw new code.CodeError(error.code, message, { cause: error, filename, line, column });
  }
}

/**
 * @throws CodeError `compile_failed` with file and line
 */
export function compileLoad({ files, modules }: Load): readonly code.Version[] {
  const sources = new Map(files.map(file => [file.path, file]));
  const names = new Map(modules.map(({ name, path }) => [path, name]));
  const compiled = new Map<string, code.Version>();
  const underWay = new Set<string>();

  const versionOf = (path: string): code.Version => {
    const known = compiled.get(path);
    if (known !== undefined) return known;
    if (underWay.has(path))
      throw new TypeError(`${path} imports itself, over other files: break the circle`);
    underWay.add(path);
    // Both are of one load: every path that is imported was found among its files.
    const { filename, code: source } = sources.get(path) as HandlerFile;
    const resolve = (specifier: string): object => {
      const target = resolveImport(path, specifier, sources);
      const exports = isEntryPoint(target) ? instances[target] : versionOf(target).exports;
      refuseMissingNames(source, specifier, exports);
      return exports;
    };
    const name = names.get(path) ?? path;
    const version = inOurWords(() => code.compile({ name, filename, source, resolve }));
    underWay.delete(path);
    compiled.set(path, version);
    return version;
  };

  return modules.map(({ name, path }) => {
    if (path === undefined) return code.builtIn(name);
    const version = versionOf(path);
    note(version, { name, path, files });
    return version;
  });
}
