/** Trials begin: of what was loaded, and of what is in force again and had not proved itself before. */
import { self, sendAfter } from '../../actors/index.ts';
import type { Info, State } from './coordinator-state.ts';
import type { Probation } from './protocol.ts';
import { newTrial, withTrial, type Trial } from './trial.ts';

export function beginTrial(state: State, trial: Trial): void {
  const { facts } = state;
  facts.trials = withTrial(facts.trials, trial);
  waitForEnd(state, trial);
}

export function waitForEnd({ now }: State, { endsAt, load }: Trial): void {
  sendAfter(Math.max(endsAt - now(), 0), self(), {
    kind: 'trial_over',
    load,
    endsAt,
  } satisfies Info);
}

/** A whole probation each: what was counted before was cut off, whenever that was. */
export function beginAnew(state: State, onProbation: readonly Probation[]): void {
  for (const { load, names } of onProbation)
    beginTrial(state, newTrial(load, names, undefined, state.limits, state.now()));
}
