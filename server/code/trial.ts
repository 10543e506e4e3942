/** When new code has proved itself, and when it goes again: pure, for the coordinator to obey. */

import type { Crashed } from './protocol.ts';

export interface TrialLimits {
  /** How long code that everybody has is on probation. */
  readonly probationMs: number;
  /** How long a canary is compared. */
  readonly canaryMs: number;
  /** So many crashes of new code are too many. */
  readonly crashes: number;
}

export interface Trial {
  /** The load that it is about. */
  readonly load: number;
  readonly names: readonly string[];
  /** Of the users, 0 to 1, that have the new version; undefined: all. */
  readonly share: number | undefined;
  readonly endsAt: number;
  /** Of the new version, and of the one that the others have meanwhile. */
  crashes: number;
  othersCrashes: number;
}

export function newTrial(
  load: number,
  names: readonly string[],
  share: number | undefined,
  limits: TrialLimits,
  now: number,
): Trial {
  const forMs = share === undefined ? limits.probationMs : limits.canaryMs;
  return { load, names, share, endsAt: now + forMs, crashes: 0, othersCrashes: 0 };
}

/** Counts a crash of a version of one of its modules. @returns whether it was the new one's */
function count(trial: Trial, { slot, load }: Pick<Crashed, 'slot' | 'load'>): boolean {
  if (trial.share !== undefined && slot === 'current') trial.othersCrashes++;
  // It may be of a version that has been taken back meanwhile.
  else if (slot !== 'old' && load === trial.load) {
    trial.crashes++;
    return true;
  }
  return false;
}

/** How many times as often as the others, for its share of the users, a canary may crash. */
const TIMES_AS_OFTEN = 2;

/** Whether the new code has crashed so often that it goes at once. */
export function failed(trial: Trial, { crashes }: TrialLimits): boolean {
  if (trial.crashes < crashes) return false;
  const { share } = trial;
  // What crashes as often in the version before is no fault of the new one.
  return (
    share === undefined ||
    trial.crashes / share > (TIMES_AS_OFTEN * trial.othersCrashes) / (1 - share)
  );
}

/** The newest load of a module is the one that is on trial; a canary is so beside what the others have. */
export const withTrial = (trials: readonly Trial[], trial: Trial): readonly Trial[] => [
  ...(trial.share === undefined ? withoutNames(trials, trial.names) : trials),
  trial,
];

/** Counts a crash. @returns the trial of the version that crashed; undefined when it is on none */
export const trialOf = (trials: readonly Trial[], crash: Crashed): Trial | undefined =>
  trials.filter(trial => trial.names.includes(crash.name) && count(trial, crash))[0];

/** The trials without these modules: somebody has decided about them. */
export const withoutNames = (
  trials: readonly Trial[],
  names: readonly string[],
): readonly Trial[] =>
  trials
    .map(trial => ({ ...trial, names: trial.names.filter(name => !names.includes(name)) }))
    .filter(trial => trial.names.length > 0);
