/** What a handler file may import: the public entry points, and files of its own directory. */
import { posix } from 'node:path';
import { nearest } from '../config/suggestion.ts';
import { HandlersError } from './handlers-error.ts';

/** What the loader resolves to the running instances. */
export const entryPoints = [
  'strowger/actors',
  'strowger/supervisors',
  'strowger/protocol',
  'strowger/server',
] as const;

export type EntryPoint = (typeof entryPoints)[number];

export const isEntryPoint = (specifier: string): specifier is EntryPoint =>
  (entryPoints as readonly string[]).includes(specifier);

/**
 * @param from path of the importing file within the directory, `requests/devices.ts`
 * @param files paths of all files there
 * @returns the entry point, or the path of the file
 * @throws HandlersError for anything else
 */
export function resolveImport(
  from: string,
  specifier: string,
  files: Pick<ReadonlySet<string>, 'has' | 'keys'>,
): string {
  if (isEntryPoint(specifier)) return specifier;
  if (!/^\.\.?\//.test(specifier)) throw refused(from, specifier);
  const path = posix.join(posix.dirname(from), specifier);
  const written = path.replace(/\.[jt]s$/, '');
  const found = [path, `${written}.ts`, `${written}.js`].find(file => files.has(file));
  if (found !== undefined) return found;
  const meant = nearest(path, files.keys());
  throw new HandlersError(
    path.startsWith('..')
      ? `${from} imports "${specifier}", which is outside of the handlers’ directory: move it in.`
      : `${from} imports "${specifier}", and there is no such file.${meant === undefined ? '' : ` Did you mean "./${posix.relative(posix.dirname(from), meant)}"?`}`,
  );
}

function refused(from: string, specifier: string): HandlersError {
  const meant = specifier.startsWith('strowger') ? nearest(specifier, entryPoints) : undefined;
  return new HandlersError(
    `${from} imports "${specifier}": a handler imports only ${entryPoints.join(', ')} and files of its own directory.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
  );
}
