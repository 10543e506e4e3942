/** Loads the handlers' directory again when somebody saved a file of it. It looks: editors save in too many ways to be told. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  call,
  Exit,
  self,
  sendAfter,
  type CastResult,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import { codeName } from './protocol.ts';

export interface WatcherArgument {
  readonly directory: string;
}

interface State extends WatcherArgument {
  /** As it was loaded last. */
  loaded: string;
  /** As it was looked at last: what is still being written is not loaded. */
  seen: string;
}

const LOOK = { kind: 'look' } as const;
const LOOK_EVERY_MS = 200;

export const watcher: GenServer<WatcherArgument, State, never, never, typeof LOOK> = {
  async init({ directory }): Promise<InitResult<State>> {
    const now = await looksOf(directory);
    sendAfter(LOOK_EVERY_MS, self(), LOOK);
    return ['ok', { directory, loaded: now, seen: now }];
  },

  async handleInfo(message, state): Promise<CastResult<State>> {
    if (message.kind !== 'look') return ['noreply', state];
    const now = await looksOf(state.directory);
    if (now === state.seen && now !== state.loaded) {
      state.loaded = now;
      await load();
    }
    state.seen = now;
    sendAfter(LOOK_EVERY_MS, self(), LOOK);
    return ['noreply', state];
  },
};

/** Names, sizes and times of all files; what is being moved about at this moment is seen the next time. */
async function looksOf(directory: string): Promise<string> {
  const looks: string[] = [];
  try {
    for (const name of (await readdir(directory, { recursive: true })).sort()) {
      const { size, mtimeMs, isFile } = await about(join(directory, name));
      if (isFile) looks.push(`${name} ${size} ${mtimeMs}`);
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
  }
  return looks.join('\n');
}

async function about(file: string) {
  const stats = await stat(file);
  return { size: stats.size, mtimeMs: stats.mtimeMs, isFile: stats.isFile() };
}

/** What is refused is in the log. */
async function load(): Promise<void> {
  try {
    await call(codeName, { kind: 'reload' }, Infinity);
  } catch (error) {
    // The coordinator is being restarted: the next save, or SIGHUP, loads it.
    if (!(error instanceof Exit)) throw error;
  }
}
