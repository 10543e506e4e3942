/** New code on trial: its crashes are counted, and it is taken back, proved, or given to everybody. */
import { self, sendAfter } from '../../actors/index.ts';
import { note, type Info, type State } from './coordinator-state.ts';
import { isRefused, type Crashed } from './protocol.ts';
import { afterProof, loadedBy } from './in-force.ts';
import { failed, trialOf, type Trial } from './trial.ts';
import { promote, revert } from './versions.ts';

const RETRY_MS = 1_000;

export async function crashed(state: State, crash: Crashed): Promise<void> {
  const { name, isolate, reason } = crash;
  const trial = trialOf(state.facts.trials, crash);
  if (trial === undefined) return;
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
  const loads = state.facts.trials.map(({ load }) => load);
  const result = await revert(state, names);
  if (!isRefused(result)) return;
  note(state, `${names.join(', ')} could not be taken back: ${result.message}`);
  sendAfter(RETRY_MS, self(), { kind: 'take_back_again', names, loads } satisfies Info);
}

/** A canary that has not failed gets everybody; what everybody has is proved. */
export async function endTrial(
  state: State,
  { load, endsAt }: Pick<Trial, 'load' | 'endsAt'>,
): Promise<void> {
  const { facts } = state;
  // It may have been cut off, and another one of the same load have begun.
  const trial = facts.trials.find(each => each.load === load && each.endsAt === endsAt);
  if (trial === undefined) return;
  facts.trials = facts.trials.filter(each => each !== trial);
  const { names, share, crashes, othersCrashes } = trial;
  if (share === undefined) {
    const current = loadedBy(facts.book, load).filter(name => names.includes(name));
    facts.book = afterProof(facts.book, current);
    note(state, `${names.join(', ')} has proved itself: ${crashes} crashes`);
    return;
  }
  note(
    state,
    `the canary of ${names.join(', ')} is over: ${crashes} crashes, ${othersCrashes} of the others`,
  );
  const promoted = await promote(state, names, 'proved');
  if (isRefused(promoted)) note(state, `it could not be promoted: ${promoted.message}`);
}
