/** What the coordinator of code knows, and what of it outlives it. */
import type { Participants } from './everywhere.ts';
import type { Book } from './in-force.ts';
import type { HistoryEntry } from './listing.ts';
import type { Trial, TrialLimits } from './trial.ts';

export interface CoordinatorArgument {
  /** The one of the server's settings, absolute: what SIGHUP and `--watch` load, and who names none before any was named. */
  readonly directory: string | undefined;
  readonly limits: TrialLimits;
  /** Told in the log. */
  readonly onNotice: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What survives this process: what is in force is a fact, not its opinion. */
export interface Facts extends Participants {
  /** Which server this is about: a process may have one after the other. */
  readonly of: object;
  /** Directories that somebody named, the last one at the end, without those of which everything was taken back. */
  named: readonly string[];
  /** What the last load changed and nobody took back: what goes back when no module is named. */
  latest: readonly string[];
  loads: number;
  book: Book;
  trials: readonly Trial[];
  history: readonly HistoryEntry[];
}

export interface State extends CoordinatorArgument {
  readonly facts: Facts;
}

/** To itself. */
export type Info =
  | { readonly kind: 'trial_over'; readonly load: number; readonly endsAt: number }
  /** As far as these loads are on trial still, and not what was put in their place meanwhile. */
  | {
      readonly kind: 'take_back_again';
      readonly names: readonly string[];
      readonly loads: readonly number[];
    };

const HISTORY_ENTRIES = 50;

export const newFacts = (argument: CoordinatorArgument): Facts => ({
  of: argument,
  named: [],
  latest: [],
  loads: 0,
  book: new Map(),
  joined: new Set(),
  joining: new Map(),
  blamed: new Set(),
  underWay: undefined,
  trials: [],
  history: [],
});

/** In the log, and in `code list`. */
export function note(state: State, text: string): void {
  state.onNotice(`code: ${text}`);
  const { facts } = state;
  facts.history = [...facts.history, { at: state.now(), text }].slice(-HISTORY_ENTRIES);
}
