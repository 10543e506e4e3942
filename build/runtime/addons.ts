/**
 * The native addons that are inside the binary. The system loads a library from a file only, so each is written to a
 * directory of its own that only this user may enter, loaded, and removed at once.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getAsset } from 'node:sea';

/** Where an addon was loaded from, by its name. The file is gone; the system still knows the library by this path. */
export type LoadedFrom = Readonly<Record<string, string>>;

/** No directory takes a file and lets it be loaded. */
export class AddonError extends Error {
  override readonly name = 'AddonError';
  readonly code = 'no_place_for_addons';
}

export class Addons {
  readonly #exports = new Map<string, unknown>();
  readonly #files: Map<string, string>;

  /** @param loaded what the process has loaded in another thread: two copies of SQLite in one process would not see each other's locks */
  constructor(loaded: LoadedFrom = {}) {
    this.#files = new Map(Object.entries(loaded));
  }

  get loadedFrom(): LoadedFrom {
    return Object.fromEntries(this.#files);
  }

  /** What the addon exports. @throws AddonError */
  load(name: string): unknown {
    if (!this.#exports.has(name)) this.#exports.set(name, this.#open(name));
    return this.#exports.get(name);
  }

  #open(name: string): unknown {
    const file = this.#files.get(name);
    if (file !== undefined) return open(file);
    const failures: string[] = [];
    for (const parent of places()) {
      try {
        return this.#openIn(parent, name);
      } catch (error) {
        failures.push(`${parent}: ${(error as Error).message}`);
      }
    }
    throw new AddonError(
      `${name} could not be written and loaded anywhere; set TMPDIR to a directory that this user may write and run programs from (${failures.join('; ')}).`,
    );
  }

  #openIn(parent: string, name: string): unknown {
    // mkdtemp(3) gives the directory mode 0700.
    const directory = mkdtempSync(join(parent, 'strowger-'));
    try {
      const file = join(directory, name);
      writeFileSync(file, new Uint8Array(getAsset(name)), { mode: 0o500, flag: 'wx' });
      const exports = open(file);
      this.#files.set(name, file);
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
