/** New code on trial: its crashes are counted, and it is taken back, proved, or given to everybody. */
import { self, sendAfter } from '../../actors/index.ts';
import { note, type Info, type State } from './coordinator-state.ts';
import { isRefused, type Crashed } from './protocol.ts';
import { count, failed, withoutNames, type Trial } from './trial.ts';
import { promote, revert } from './versions.ts';

const RETRY_MS = 1_000;

/** The newest load of a module is the one that is on trial. */
export function beginTrial(state: State, trial: Trial): void {
  const { facts } = state;
  facts.trials = [...withoutNames(facts.trials, trial.names), trial];
  waitForEnd(state, trial);
}

export function waitForEnd({ now }: State, { endsAt, load }: Trial): void {
  sendAfter(Math.max(endsAt - now(), 0), self(), { kind: 'trial_over', load } satisfies Info);
}

export async function crashed(
  state: State,
  { name, slot, load, isolate, reason }: Crashed,
): Promise<void> {
  const trial = state.facts.trials.find(({ names }) => names.includes(name));
  if (trial === undefined || !count(trial, { slot, load })) return;
  note(
    state,
    `${name} crashed in isolate ${isolate}, ${trial.crashes} of ${state.limits.crashes}: ${reason}`,
  );
  if (failed(trial, state.limits)) await takeBack(state, trial.names, `${name} crashed too often`);
}

/** What cannot be taken back now, because somebody does not come to rest, is tried again. */
export async function takeBack(state: State, names: readonly string[], why: string): Promise<void> {
  if (names.length === 0) return;
  note(state, `${names.join(', ')} is taken back: ${why}`);
  const result = await revert(state, names);
  if (!isRefused(result)) return;
  note(state, `${names.join(', ')} could not be taken back: ${result.message}`);
  sendAfter(RETRY_MS, self(), { kind: 'take_back_again', names } satisfies Info);
}

/** A canary that has not failed gets everybody; what everybody has is proved. */
export async function endTrial(state: State, load: number): Promise<void> {
  const { facts } = state;
  const trial = facts.trials.find(each => each.load === load);
  if (trial === undefined) return;
  facts.trials = facts.trials.filter(each => each !== trial);
  const { names, share, crashes, othersCrashes } = trial;
  if (share === undefined) {
    note(state, `${names.join(', ')} has proved itself: ${crashes} crashes`);
    return;
  }
  note(
    state,
    `the canary of ${names.join(', ')} is over: ${crashes} crashes, ${othersCrashes} of the others`,
  );
  const promoted = await promote(state, names);
  if (isRefused(promoted)) note(state, `it could not be promoted: ${promoted.message}`);
}
