/**
 * What is other in the bundle than in the files: nothing is read beside the program any more, so that modules which
 * look for files relative to themselves ask the binary instead (`runtime/program.ts`).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/** Programs of threads and of processes, as sources name them relative to themselves. */
const besides = /(fileURLToPath\()?new URL\('(\.\.?\/[^']+\.js)', import\.meta\.url\)(?:\))?/g;

const ownFolders =
  /^(actors|bench|cli|client|lab|protocol|server|storage|supervisors)\/.*(?<!\.test)\.js$/;

/** A file of ours with its references to programs replaced, and the programs that it refers to. */
interface Replaced {
  readonly text: string;
  readonly entries: readonly string[];
}

/** @param file absolute @param root absolute: the folder of the compiled program */
function replacePrograms(file: string, root: string): Replaced {
  const entries: string[] = [];
  const text = readFileSync(file, 'utf8').replace(
    besides,
    (_whole, isProcess: string | undefined, path: string) => {
      const entry = entryName(relative(root, join(dirname(file), path)));
      entries.push(entry);
      return isProcess === undefined
        ? `new URL(globalThis.strowgerBinary.workerUrl(${JSON.stringify(entry)}))`
        : JSON.stringify(`strowger:${entry}`);
    },
  );
  if (text.includes('import.meta.url'))
    throw new Error(`${file} reads something beside itself, which a binary does not have`);
  return { text, entries };
}

/** `bin/` is not compiled, and so beside the folder of the compiled program. */
const entryName = (path: string): string => path.replace(/^\.\.\/bin\//, 'bin/');

/** All programs that threads and processes are started with, found in the compiled sources. */
export function programs(root: string): string[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    file => ownFolders.test(file) && !wholeFiles('').has(file),
  );
  return [...new Set(files.flatMap(file => replacePrograms(join(root, file), root).entries))];
}

/** Files of ours that have another text in the binary. */
const wholeFiles = (version: string): ReadonlyMap<string, string> =>
  new Map([
    ['cli/version.js', `export const version = ${JSON.stringify(version)};`],
    [
      'server/observer/web-files.js',
      `export const readWebFile = name => globalThis.strowgerBinary.webFile("observer/" + name);`,
    ],
    [
      'server/isolates/program-file.js',
      `export const programFile = directory =>
        globalThis.strowgerBinary.workerFile("server/isolates/worker.js", directory);`,
    ],
  ]);

/** @param root the folder of the compiled program @param version what `--version` prints */
export const substitutions = (root: string, version: string): Plugin => ({
  name: 'substitutions',
  setup(build) {
    const whole = wholeFiles(version);
    const addon = (name: string): string =>
      `globalThis.strowgerBinary.addon(${JSON.stringify(name)})`;
    build.onLoad({ filter: /\.js$/ }, ({ path }) => {
      const file = relative(root, path);
      const contents = whole.get(file);
      if (contents !== undefined) return { contents };
      if (!ownFolders.test(file)) return null;
      return { contents: replacePrograms(path, root).text, resolveDir: dirname(path) };
    });
    build.onLoad({ filter: /\/uWebSockets\.js\/dist\/uws\.mjs$/ }, () => ({
      contents: `export default ${addon('uws.node')};`,
    }));
    build.onLoad({ filter: /\/node_modules\/bindings\/bindings\.js$/ }, () => ({
      contents: `module.exports = name => globalThis.strowgerBinary.addon(name);`,
    }));
    build.onLoad({ filter: /\/node_modules\/msgpackr-extract\/index\.js$/ }, () => ({
      contents: `module.exports = ${addon('msgpackr_extract.node')};`,
    }));
  },
});
