/** The program inside the binary: one bundle with several entries, of which each thread and each process runs one. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getAsset } from 'node:sea';
import { compileFunction } from 'node:vm';
import { Addons, type AddonHashes } from './addons.ts';
import { mapStacks } from './stacks.ts';

/** A program with what it needs, in this binary or from another one. */
export interface Program {
  readonly text: string;
  readonly readMap: () => string;
  readonly addons: AddonHashes;
}

/** What a worker's program begins with. */
export interface WorkerStart {
  readonly entry: string;
  /** Undefined: the program in this binary. */
  readonly program?: { readonly text: string; readonly map: string; readonly addons: AddonHashes };
}

/** What the bundle finds as `globalThis.strowgerBinary`; see `build/substitutions.ts` for who asks. */
export interface Binary {
  readonly addon: (name: string) => unknown;
  /** A worker's program, for `new Worker(new URL(…))`. */
  readonly workerUrl: (entry: string) => string;
  /** A file that was built for browsers; undefined when there is none of this name. */
  readonly webFile: (name: string) => Uint8Array | undefined;
  /** A worker's program as a file that the process of an older binary can run. @returns its path */
  readonly workerFile: (entry: string, directory: string) => string;
}

declare global {
  var strowgerBinary: Binary | undefined;
}

/** The first argument of a process that shall run another entry than the command. */
export const ENTRY_ARGUMENT = 'strowger:';

/** Addons that a worker loads too. */
const workersAddons = ['better_sqlite3.node', 'msgpackr_extract.node'];

/** The one that this binary was made with. */
export const ownProgram = (): Program => ({
  text: getAsset('strowger.js', 'utf8'),
  readMap: ownMap,
  addons: JSON.parse(getAsset('addons.json', 'utf8')) as AddonHashes,
});

/** Those that the binary was built with. */
const webFiles = (): ReadonlySet<string> =>
  new Set(JSON.parse(getAsset('web.json', 'utf8')) as string[]);

const ownMap = (): string => getAsset('strowger.js.map', 'utf8');

/** Runs one entry of a program in this thread. */
export function run(entry: string, { text, readMap, addons: hashes }: Program): void {
  const addons = new Addons(hashes);
  globalThis.strowgerBinary = {
    addon: name => addons.load(name),
    webFile: name => (webFiles().has(name) ? new Uint8Array(getAsset(`web/${name}`)) : undefined),
    workerUrl(worker) {
      // Loaded here first, and for good: a worker finds the library by its path, and it outlives the worker.
      for (const name of workersAddons) addons.load(name);
      return `data:text/javascript,${encodeURIComponent(workerText({ entry: worker }))}`;
    },
    workerFile(worker, directory) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const program = { text, map: readMap(), addons: hashes };
      const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
      const file = join(directory, `isolate-${hash}.mjs`);
      writeFileSync(file, workerText({ entry: worker, program }), { mode: 0o600 });
      return file;
    },
  };
  const filename = join(process.execPath, 'strowger.js');
  mapStacks(filename, readMap);
  const module = { exports: {} };
  const bundle = compileFunction(text, ['require', 'module'], {
    filename,
  }) as (require: NodeJS.Require, module: object) => void;
  bundle(createRequire(process.execPath), module);
  const start = (module.exports as Bundle).entries[entry];
  if (start === undefined) throw new Error(`the binary has no entry ${entry}`);
  void start();
}

interface Bundle {
  readonly entries: Readonly<Record<string, () => Promise<unknown>>>;
}

const workerText = (start: WorkerStart): string =>
  `const start = ${JSON.stringify(start)};\n${getAsset('worker.js', 'utf8')}`;
