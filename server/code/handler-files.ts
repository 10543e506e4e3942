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
    const { code, path } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such directory'
        : code === 'ENOTDIR'
          ? 'it is a file: name the directory that it is in'
          : whyUnread(cause as NodeJS.ErrnoException);
    // With all that is below it: it may be one of those.
    throw new HandlersError(`The handlers’ directory ${path ?? root} cannot be read: ${why}.`, {
      cause,
    });
  }
  const found = entries
    .filter(entry => !entry.isDirectory())
    .map(entry => ({
      isLink: entry.isSymbolicLink(),
      path: join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    }))
    .filter(({ path }) => isVisible(path));
  for (const { path } of found.filter(({ isLink }) => isLink))
    await refuseLink(path, join(root, path));
  const paths = found
    .map(({ path }) => path)
    .filter(isHandlerFile)
    .sort();
  if (paths.length > MOST_FILES)
    throw new HandlersError(`There are ${paths.length} files in ${root}, ${MOST_FILES} are taken.`);
  return paths;
}

const isVisible = (path: string): boolean =>
  !path.split('/').some(part => part.startsWith('.') || part === 'node_modules');

/** Others may lie there too: editors leave theirs, and a tsconfig.json has its place here. */
export const isHandlerFile = (path: string): boolean =>
  isVisible(path) && /\.[jt]s$/.test(path) && !path.endsWith('.d.ts');

async function readSource(root: string, path: string, names: ReadonlySet<string>): Promise<Source> {
  const filename = join(root, path);
  const text = await textOf(path, filename);
  const code = await stripTypes(path, text);
  const resolved = (specifiers: readonly string[]): string[] =>
    specifiers
      .map(specifier => resolveImport(path, specifier, names))
      .filter(found => !isEntryPoint(found));
  const imports = resolved(found(code, REQUIRED));
  const mentions = resolved(found(text, MENTIONED).filter(name => name.startsWith('.')));
  return { path, filename, code, imports, mentions };
}

/** What is no file is not opened: a pipe would be waited for. */
async function textOf(path: string, filename: string): Promise<string> {
  try {
    const stats = await stat(filename);
    if (!stats.isFile())
      throw new HandlersError(
        `${path} is ${stats.isDirectory() ? 'a directory' : 'no file'}: only files may be named like handlers.`,
      );
    if (stats.size > MOST_BYTES)
      throw new HandlersError(`${path} has ${stats.size} bytes, a handler may have ${MOST_BYTES}.`);
    return await readFile(filename, 'utf8');
  } catch (cause) {
    if (!isFromFileSystem(cause)) throw cause;
    throw new HandlersError(`${path} cannot be read: ${whyUnread(cause)}.`, { cause });
  }
}

const isFromFileSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

function whyUnread({ code = 'unknown' }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'it is a link that leads nowhere, or was removed at this moment (ENOENT)';
    case 'ELOOP':
      return 'it is a link that leads back to itself (ELOOP)';
    case 'EACCES':
    case 'EPERM':
      return `the user that the server runs as may not (${code}): let it read it`;
    default:
      return code;
  }
}

/** Nobody would know why what is in it does not run. */
async function refuseLink(path: string, filename: string): Promise<void> {
  let stats;
  try {
    stats = await stat(filename);
  } catch (error) {
    if (!isFromFileSystem(error)) throw error;
    return;
  }
  if (stats.isDirectory())
    throw new HandlersError(
      `${path} is a link to a directory, and such links are not followed: move the directory here, or load it by itself.`,
    );
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
