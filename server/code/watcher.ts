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
import { isHandlerFile } from './handler-files.ts';
import type { Refused } from '../isolates/protocol.ts';
import { codeName, isRefused, type Changed } from './protocol.ts';

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
/** How often what could not be loaded just then is tried: each time it is told in the log. */
const TRY_EVERY_MS = 1_000;

export const watcher: GenServer<WatcherArgument, State, never, never, typeof LOOK> = {
  async init({ directory }): Promise<InitResult<State>> {
    const now = await looksOf(directory);
    sendAfter(LOOK_EVERY_MS, self(), LOOK);
    return ['ok', { directory, loaded: now, seen: now }];
  },

  async handleInfo(message, state): Promise<CastResult<State>> {
    if (message.kind !== 'look') return ['noreply', state];
    const now = await looksOf(state.directory);
    const againInMs = now === state.seen && now !== state.loaded ? await load() : undefined;
    if (now === state.seen && againInMs === undefined) state.loaded = now;
    state.seen = now;
    sendAfter(againInMs ?? LOOK_EVERY_MS, self(), LOOK);
    return ['noreply', state];
  },
};

/**
 * Names, sizes and times of all files. What is being moved about at this moment is seen the next time; of what is not to
 * be had, such as a link that leads nowhere, it is seen that it is not.
 */
async function looksOf(directory: string): Promise<string> {
  const names = await orUndefined(readdir(directory, { recursive: true }));
  if (names === undefined) return 'no directory';
  const looks = await Promise.all(
    names
      .filter(isHandlerFile)
      .sort()
      .map(async name => {
        const about = await orUndefined(stat(join(directory, name)));
        if (about === undefined) return `${name} unreadable`;
        // A file that was put in the place of another keeps its time, but not that of the change.
        const { size, mtimeMs, ctimeMs } = about;
        return about.isFile() ? `${name} ${size} ${mtimeMs} ${ctimeMs}` : `${name}/`;
      }),
  );
  return looks.join('\n');
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined;
    throw error;
  }
}

/**
 * What is refused is in the log.
 * @returns undefined when that was about the files; else how long to wait before the next try
 */
async function load(): Promise<number | undefined> {
  try {
    const isLater = isForLater(await call(codeName, { kind: 'reload' }, Infinity));
    return isLater ? TRY_EVERY_MS : undefined;
  } catch (error) {
    // The coordinator is being restarted: it is asked again.
    if (!(error instanceof Exit)) throw error;
    return LOOK_EVERY_MS;
  }
}

/** An isolate is just being started, perhaps because of what was saved before. */
const isForLater = (result: Changed | Refused): boolean =>
  isRefused(result) && result.code === 'unavailable';
