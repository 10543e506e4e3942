/**
 * A directory of handlers, read and made ready: each file's plain JavaScript, which of the server's modules there are,
 * and what each is made of. Nothing of it is run here.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nearest } from '../config/suggestion.ts';
import { HandlersError } from './handlers-error.ts';
import { isEntryPoint, resolveImport } from './imports.ts';
import { stripTypes } from './strip-types.ts';

/** One file, as it goes to every isolate: plain data. */
export interface HandlerFile {
  /** Within the directory, with slashes: `requests/devices.ts`. */
  readonly path: string;
  /** For stack traces. */
  readonly filename: string;
  /** CommonJS, line for line as it was written. */
  readonly code: string;
}

/** One of the server's modules that a file is for. */
export interface HandlerModule {
  /** `ping`, `requests/devices`. */
  readonly name: string;
  readonly path: string;
  /** Of its code and of everything it imports: the same for the same behaviour. */
  readonly hash: string;
}

export interface HandlerSet {
  /** Absolute. */
  readonly directory: string;
  readonly files: readonly HandlerFile[];
  readonly modules: readonly HandlerModule[];
}

const MOST_FILES = 500;
const MOST_BYTES = 1024 * 1024;
const HASH_LETTERS = 12;

interface Source extends HandlerFile {
  /** Paths of the files it imports when it runs. */
  readonly imports: readonly string[];
  /** These, and those it imports only types of. */
  readonly mentions: readonly string[];
}

/**
 * @param known the names of the server's modules
 * @param options `mayBeEmpty`: without a file in it everything is built in, else it is refused
 * @throws (rejects) HandlersError for a directory that cannot be read, a file that is for no module, an import that is
 * not allowed, what is no TypeScript, and more than is taken
 */
export async function readHandlers(
  directory: string,
  known: readonly string[],
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): Promise<HandlerSet> {
  const root = resolve(directory);
  const paths = await filesOf(root);
  const names = new Set(paths);
  const sources = new Map<string, Source>();
  for (const path of paths) sources.set(path, await readSource(root, path, names));
  const modules = modulesOf(paths, known);
  refuseStrays(sources, modules, known);
  if (modules.length === 0 && !mayBeEmpty)
    throw new HandlersError(
      `There are no handlers in ${root}: name a file for what it replaces, such as ping.ts.`,
    );
  return {
    directory: root,
    files: [...sources.values()].map(({ path, filename, code }) => ({ path, filename, code })),
    modules: modules.map(module => ({ ...module, hash: hashOf(module.path, sources) })),
  };
}

async function filesOf(root: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(root, { withFileTypes: true, recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such directory'
        : code === 'ENOTDIR'
          ? 'it is a file: name the directory that it is in'
          : (code ?? String(cause));
    throw new HandlersError(`The handlers’ directory ${root} cannot be read: ${why}.`, { cause });
  }
  const paths = entries
    .filter(entry => !entry.isDirectory())
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter(isHandlerFile)
    .sort();
  if (paths.length > MOST_FILES)
    throw new HandlersError(`There are ${paths.length} files in ${root}, ${MOST_FILES} are taken.`);
  return paths;
}

/** Others may lie there too: editors leave theirs, and a tsconfig.json has its place here. */
const isHandlerFile = (path: string): boolean =>
  /\.[jt]s$/.test(path) &&
  !path.endsWith('.d.ts') &&
  !path.split('/').some(part => part.startsWith('.') || part === 'node_modules');

async function readSource(root: string, path: string, names: ReadonlySet<string>): Promise<Source> {
  const filename = join(root, path);
  const { size } = await stat(filename);
  if (size > MOST_BYTES)
    throw new HandlersError(`${path} has ${size} bytes, a handler may have ${MOST_BYTES}.`);
  const text = await readFile(filename, 'utf8');
  const code = await stripTypes(path, text);
  const resolved = (specifiers: readonly string[]): string[] =>
    specifiers
      .map(specifier => resolveImport(path, specifier, names))
      .filter(found => !isEntryPoint(found));
  const imports = resolved(found(code, REQUIRED));
  const mentions = resolved(found(text, MENTIONED).filter(name => name.startsWith('.')));
  return { path, filename, code, imports, mentions };
}

const REQUIRED = /\brequire\(\s*(['"])([^'"\n]+)\1\s*\)/g;
const MENTIONED = /\b(?:from|import)\s*(['"])([^'"\n]+)\1/g;

const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(match => match[2] ?? '');

function modulesOf(
  paths: readonly string[],
  known: readonly string[],
): readonly Omit<HandlerModule, 'hash'>[] {
  return known.flatMap(name => {
    const [path, other] = paths.filter(path => nameOf(path) === name);
    if (other !== undefined)
      throw new HandlersError(`${path ?? ''} and ${other} are for the same module: keep one.`);
    return path === undefined ? [] : [{ name, path }];
  });
}

const nameOf = (path: string): string => path.replace(/\.[jt]s$/, '');

/** A file that is for no module and that no module uses is one with a mistyped name. */
function refuseStrays(
  sources: ReadonlyMap<string, Source>,
  modules: readonly { readonly path: string }[],
  known: readonly string[],
): void {
  const used = new Set<string>();
  for (const { path } of modules) reach(path, sources, 'mentions', used);
  for (const path of sources.keys()) {
    if (used.has(path)) continue;
    const meant = nearest(nameOf(path), known);
    throw new HandlersError(
      `${path} is for no module of the server, and none of the others imports it.${meant === undefined ? ` There are ${known.join(', ')}.` : ` Did you mean "${meant}${path.slice(-3)}"?`}`,
    );
  }
}

function reach(
  path: string,
  sources: ReadonlyMap<string, Source>,
  by: 'imports' | 'mentions',
  reached: Set<string>,
): void {
  if (reached.has(path)) return;
  reached.add(path);
  const source = sources.get(path);
  for (const next of [...(source?.imports ?? []), ...(source?.[by] ?? [])])
    reach(next, sources, by, reached);
}

function hashOf(path: string, sources: ReadonlyMap<string, Source>): string {
  const parts = new Set<string>();
  reach(path, sources, 'imports', parts);
  const hash = createHash('sha256');
  for (const part of [...parts].sort()) hash.update(`${part}\0${sources.get(part)?.code ?? ''}\0`);
  return hash.digest('hex').slice(0, HASH_LETTERS);
}
