/** The options that the subjects share; each takes those that command.ts gives it. */
import { defaultIsolates, defaultShards } from '../server/config/isolate-count.ts';

export interface BenchOptions {
  /** A short run: the figures are rough. */
  readonly quick: boolean;
  /** A running server to load instead of one of our own. */
  readonly server?: string;
  readonly connections?: number;
  /** How long each measurement takes, without its warming up. */
  readonly seconds?: number;
  /** How many isolates our own server gets; several are shown side by side. Without it: the server's default. */
  readonly isolates?: readonly number[];
}

/** Flags of `strowger serve` for one side of a comparison. */
export const serverFlags = (isolates: number | undefined): Record<string, string | number> => ({
  'log-level': 'warning',
  ...(isolates === undefined ? {} : { isolates }),
});

/** The shards that a server with so many isolates gives a new data directory. */
export const shardsFor = (isolates: number | undefined): number =>
  defaultShards(isolates ?? defaultIsolates());
