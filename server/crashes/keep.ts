/** Keeping crashes: a file for each, in a directory that has an end. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeReason, setCrashKeeper, thisIsolate, type KeptCrash } from '../../actors/index.ts';
import { originOf } from '../code/compile-load.ts';
import { defineModules, swappable } from '../code/swappable.ts';
import type { IsolateSettings } from '../isolates/worker-data.ts';
import { isolateOfShard } from '../isolates/shard-map.ts';
import { StartError } from '../start-error.ts';
import { CRASH_VERSION, type CrashFile } from './crash-file.ts';
import { known } from './known.ts';
import { toPicture, type Picture } from './picture.ts';
import { surroundingsOf } from './surroundings.ts';

interface Keeping {
  readonly directory: string;
  readonly shards: number;
  /** The program's version. */
  readonly program: string;
}

/** Past either the oldest files go. */
const MOST_FILES = 100;
const MOST_BYTES = 256 * 1024 * 1024;
/** A process that crashes again and again is seen in the first files; the others would only take time. */
const MOST_IN_A_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Modules whose state is changed in place, and small: it is put down before each step. */
const pictured: readonly string[] = ['session', 'mailbox', 'group', 'link'];

/** As the configuration says. @throws StartError when the directory cannot be made */
export function keepCrashesAs({ config, shards, version }: IsolateSettings): void {
  if (config.crashes !== undefined)
    keepCrashes({ directory: config.crashes, shards, program: version });
}

/** From here on this isolate's crashes are kept. @throws StartError when the directory cannot be made */
function keepCrashes(keeping: Keeping): void {
  makeDirectory(keeping.directory);
  // A crash may come before there is a loader, or where there is none: handlers are looked up all the same.
  defineModules();
  let minute = { from: 0, kept: 0 };
  setCrashKeeper(
    crash => {
      if (crash.at - minute.from > MINUTE_MS) minute = { from: crash.at, kept: 0 };
      minute.kept += 1;
      if (minute.kept > MOST_IN_A_MINUTE) return;
      write(keeping.directory, crash, fileOf(crash, keeping));
      trim(keeping.directory);
    },
    (module, state) => {
      const name = nameOfModule(module);
      return name !== null && pictured.includes(name) ? toPicture(state, known) : undefined;
    },
  );
}

/** Its parent must be there: a mistyped path is not made up, directory by directory. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(directory).isDirectory()) return;
    const why =
      code === 'ENOENT'
        ? 'the directory that it is to be in does not exist'
        : code === 'EEXIST'
          ? 'there is a file of that name'
          : (code ?? String(cause));
    throw new StartError('bad_config', `${directory} cannot be made, for crashes: ${why}.`, {
      cause,
    });
  }
}

const builtIn = new Map(swappable.map(({ name, exports }) => [exports.default, name]));

/** Which of the server's modules this callback module is a version of. */
const nameOfModule = (module: object): string | null =>
  builtIn.get(module) ?? originOf(module)?.name ?? null;

function fileOf(crash: KeptCrash, { shards, program }: Keeping): CrashFile {
  const paint = (value: unknown): Picture => toPicture(value, known);
  const args = crash.args.map(paint);
  const state = crash.isSnapshot ? (crash.state as Picture) : paint(crash.state);
  const { accounts, groups, names, handlers } = surroundingsOf(crash, [...args, state]);
  return {
    strowger: 'crash',
    version: CRASH_VERSION,
    program,
    at: crash.at,
    isolate: thisIsolate(),
    pid: crash.pid,
    name: crash.name ?? null,
    label: crash.label,
    module: nameOfModule(crash.module),
    callback: crash.callback,
    summary: describeReason(crash.reason),
    reason: paint(crash.reason),
    args,
    state,
    answers: crash.answers.map(paint),
    accounts: accounts.map(paint),
    groups: groups.map(paint),
    shards: {
      count: shards,
      placement: Array.from({ length: shards }, (_, shard) => isolateOfShard(shard) ?? null),
    },
    names: names.map(([name, pid]) => [name, pid]),
    handlers: handlers.map(({ name, path, files }) => ({ name, path, files: [...files] })),
  };
}

function write(directory: string, crash: KeptCrash, file: CrashFile): void {
  const at = new Date(crash.at).toISOString().replaceAll(':', '-');
  const name = `${at}-${crash.label.replaceAll(/[^\w.-]/g, '_')}-${crash.pid}.json`;
  writeFileSync(join(directory, name), `${JSON.stringify(file, null, 1)}\n`, { mode: 0o600 });
}

/** Their names begin with the time. */
function trim(directory: string): void {
  const files = readdirSync(directory)
    .filter(name => /^\d{4}-.*\.json$/.test(name))
    .sort()
    .reverse();
  let bytes = 0;
  files.forEach((name, index) => {
    const file = join(directory, name);
    bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (index >= MOST_FILES || bytes > MOST_BYTES) rmSync(file, { force: true });
  });
}
