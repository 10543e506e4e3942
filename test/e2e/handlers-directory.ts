/** Directories of handlers for tests, and what is asked of the coordinator of a server in this process. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { call } from '../../actors/index.ts';
import type { Listing } from '../../server/code/listing.ts';
import { codeName, type Changed } from '../../server/code/protocol.ts';
import type { Refused } from '../../server/isolates/protocol.ts';

/** Files by path within the directory: `{ 'ping.ts': 'export default …' }`. */
export type Files = Readonly<Record<string, string>>;

/** A directory with these files, which goes with the test. */
export async function directoryOf(t: Test, files: Files): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'strowger-handlers-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await write(directory, files);
  return directory;
}

export async function write(directory: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

export const load = (directory: string, share?: number): Promise<Changed | Refused> =>
  call(codeName, { kind: 'load', directory, share }, Infinity);

export const list = (): Promise<Listing> => call(codeName, { kind: 'list' }, Infinity);

/** What the version of a module is told by where it came from: `current`, and the others when there are any. */
export async function versionsOf(name: string): Promise<Readonly<Record<string, string>>> {
  const { modules } = await list();
  const row = modules.find(module => module.name === name);
  if (row === undefined) throw new Error(`${name} is no module`);
  const { current, old, canary } = row;
  return Object.fromEntries(
    Object.entries({ current, old, canary }).flatMap(([slot, version]) =>
      version === undefined ? [] : [[slot, version.filename ?? 'built-in']],
    ),
  );
}
