/** The program inside the binary: one bundle with several entries, of which each thread and each process runs one. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getAsset } from 'node:sea';
import { compileFunction } from 'node:vm';
import { Addons, type LoadedFrom } from './addons.ts';
import { mapStacks } from './stacks.ts';

/** What a worker's program begins with. */
export interface WorkerStart {
  readonly entry: string;
  readonly addons: LoadedFrom;
}

/** What the bundle finds as `globalThis.strowgerBinary`; see `build/substitutions.ts` for who asks. */
export interface Binary {
  readonly addon: (name: string) => unknown;
  /** A worker's program, for `new Worker(new URL(…))`. */
  readonly workerUrl: (entry: string) => string;
}

declare global {
  var strowgerBinary: Binary | undefined;
}

/** The first argument of a process that shall run another entry than the command. */
export const ENTRY_ARGUMENT = 'strowger:';

/** Addons that a worker loads too. */
const workersAddons = ['better_sqlite3.node', 'msgpackr_extract.node'];

/** Runs one entry of the bundle in this thread. */
export function run(entry: string, loaded?: LoadedFrom): void {
  const addons = new Addons(loaded);
  globalThis.strowgerBinary = {
    addon: name => addons.load(name),
    workerUrl(worker) {
      // Loaded here first, and for good: a worker finds the library by its path, and it outlives the worker.
      for (const name of workersAddons) addons.load(name);
      return workerUrl({ entry: worker, addons: addons.loadedFrom });
    },
  };
  const filename = join(process.execPath, 'strowger.js');
  mapStacks(filename, () => getAsset('strowger.js.map', 'utf8'));
  const module = { exports: {} };
  const bundle = compileFunction(getAsset('strowger.js', 'utf8'), ['require', 'module'], {
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

const workerUrl = (start: WorkerStart): string =>
  `data:text/javascript,${encodeURIComponent(
    `const start = ${JSON.stringify(start)};\n${getAsset('worker.js', 'utf8')}`,
  )}`;
