/**
 * The native addons that are inside the binary. The system loads a library from a file only, so each is written to a
 * directory of its own that only this user may enter, loaded, and removed at once.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getAsset } from 'node:sea';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/** An addon that the process has loaded. The file is gone; the system still knows the library by its path. */
interface Loaded {
  readonly file: string;
  readonly hash: string;
}

/** By name: which addons a program is made for. */
export type AddonHashes = Readonly<Record<string, string>>;

/** Passed on to every thread that is started. */
const LOADED = 'strowger.addons';

/** No directory takes a file and lets it be loaded. */
export class AddonError extends Error {
  override readonly name = 'AddonError';
  readonly code = 'no_place_for_addons';
}

export class Addons {
  readonly #exports = new Map<string, unknown>();
  readonly #hashes: AddonHashes;
  /** In any thread: two copies of SQLite in one process would not see each other's locks. */
  readonly #loaded: Map<string, Loaded>;

  /** @param hashes of what the program is made for */
  constructor(hashes: AddonHashes) {
    this.#hashes = hashes;
    this.#loaded = new Map(
      Object.entries((getEnvironmentData(LOADED) as Record<string, Loaded> | undefined) ?? {}),
    );
  }

  /** What the addon exports. @throws AddonError */
  load(name: string): unknown {
    if (!this.#exports.has(name)) this.#exports.set(name, this.#open(name));
    return this.#exports.get(name);
  }

  #open(name: string): unknown {
    const hash = this.#hashes[name] ?? '';
    const loaded = this.#loaded.get(name);
    if (loaded !== undefined && loaded.hash !== hash)
      throw new AddonError(
        'the native parts of this program are others than those of the server that runs: restart it',
      );
    if (loaded !== undefined) return open(loaded.file);
    const failures: string[] = [];
    for (const parent of places()) {
      try {
        return this.#openIn(parent, name, hash);
      } catch (error) {
        failures.push(`${parent}: ${(error as Error).message}`);
      }
    }
    throw new AddonError(
      `${name} could not be written and loaded anywhere; set TMPDIR to a directory that this user may write and run programs from (${failures.join('; ')}).`,
    );
  }

  #openIn(parent: string, name: string, hash: string): unknown {
    // mkdtemp(3) gives the directory mode 0700.
    const directory = mkdtempSync(join(parent, 'strowger-'));
    try {
      const file = join(directory, name);
      writeFileSync(file, new Uint8Array(getAsset(name)), { mode: 0o500, flag: 'wx' });
      const exports = open(file);
      this.#loaded.set(name, { file, hash });
      setEnvironmentData(LOADED, Object.fromEntries(this.#loaded));
      return exports;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

function open(file: string): unknown {
  const module: { exports: unknown } = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}

/** Hardened machines have a temporary directory from which nothing may be run; memory may do then. */
const places = (): readonly string[] => [
  ...new Set([tmpdir(), process.env['XDG_RUNTIME_DIR'] ?? '/dev/shm', '/dev/shm']),
];
