/** Versions of modules for tests, from a text in CommonJS. */
import { code, Exit } from '../../../actors/index.ts';
import { moduleNamed } from '../../../actors/code/module-table.ts';

let named = 0;

/** A module name that no other test uses. */
export function freshName(what = 'module'): string {
  named += 1;
  return `${what}.${named}`;
}

/** A version of the module; the source may require what is given by name. */
export function version(
  name: string,
  source: string,
  requires: Readonly<Record<string, object>> = {},
): code.Version {
  return code.compile({
    name,
    filename: `/handlers/${name}.ts`,
    source,
    resolve(specifier) {
      const found = { runtime: { Exit }, ...requires }[specifier];
      if (found === undefined) throw new Error(`cannot find "${specifier}"`);
      return found;
    },
  });
}

/** What `code.list()` says of one module. */
export function listed(name: string): code.ModuleInfo {
  const found = code.list().find(one => one.name === moduleNamed(name).name);
  if (found === undefined) throw new Error(`the module "${name}" is not listed`);
  return found;
}

/** The CodeError that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<code.CodeError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof code.CodeError) return thrown;
    throw thrown;
  }
  throw new Error('expected a CodeError');
}
