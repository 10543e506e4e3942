/** The versions in force, changed by hand or by a trial: promoted, reverted, purged. */
import { at, call } from '../../actors/index.ts';
import type { Refused } from '../isolates/protocol.ts';
import { note, type State } from './coordinator-state.ts';
import { ASK_WITHIN_MS, change, here } from './everywhere.ts';
import {
  afterPromote,
  afterPurge,
  afterRevert,
  canaries,
  revertible,
  slotsOf,
  type Book,
} from './in-force.ts';
import { isRefused, loaderName, type Changed } from './protocol.ts';
import { refuse } from './refuse.ts';
import { moduleNames } from './swappable.ts';
import { withoutNames } from './trial.ts';

export async function promote(state: State, wanted: readonly string[]): Promise<Changed | Refused> {
  const { facts } = state;
  const running = canaries(facts.book);
  const names = wanted.length === 0 ? running : wanted;
  const none = names.find(name => !running.includes(name));
  if (none !== undefined || names.length === 0)
    return refuse(
      'no_canary',
      `There is no canary${none === undefined ? '' : ` of ${none}`} to promote.`,
    );
  const result = await change(facts, { kind: 'promote', names }, () => {
    facts.book = afterPromote(facts.book, names);
    facts.trials = withoutNames(facts.trials, names);
  });
  if (isRefused(result)) return result;
  note(state, `promoted ${names.join(', ')}: everybody has the new version`);
  return { modules: names, unchanged: [], isolates: result };
}

/** Without names: the canary, else all modules of the newest load. */
export async function revertWanted(
  state: State,
  wanted: readonly string[],
): Promise<Changed | Refused> {
  const { book } = state.facts;
  const possible = revertible(book);
  const names = wanted.length > 0 ? wanted : newest(book);
  const none = names.find(name => !possible.includes(name));
  if (none !== undefined || names.length === 0)
    return refuse(
      'no_old_version',
      `There is no version${none === undefined ? '' : ` of ${none}`} to go back to.`,
    );
  return revert(state, names);
}

function newest(book: Book): readonly string[] {
  const running = canaries(book);
  if (running.length > 0) return running;
  const loadOf = (name: string): number => {
    const { current } = slotsOf(book, name);
    return current === 'built-in' ? 0 : current.load;
  };
  const possible = revertible(book);
  const last = Math.max(...possible.map(loadOf));
  return possible.filter(name => loadOf(name) === last);
}

export async function revert(state: State, names: readonly string[]): Promise<Changed | Refused> {
  const { facts } = state;
  const result = await change(facts, { kind: 'revert', names }, () => {
    facts.book = afterRevert(facts.book, names);
    facts.trials = withoutNames(facts.trials, names);
  });
  if (isRefused(result)) return result;
  note(state, `reverted ${names.join(', ')}`);
  return { modules: names, unchanged: [], isolates: result };
}

export async function purge({ facts }: State, wanted: readonly string[], soft: boolean) {
  const names = wanted.length > 0 ? wanted : moduleNames;
  const unknown = names.find(name => !moduleNames.includes(name));
  if (unknown !== undefined)
    return refuse('undefined_module', `There is no module ${unknown}: \`code list\` shows them.`);
  const answers = await Promise.allSettled(
    here(facts).map(isolate =>
      call(at(loaderName, isolate), { kind: 'purge', names, soft }, ASK_WITHIN_MS),
    ),
  );
  const told = new Set(answers.flatMap(each => (each.status === 'fulfilled' ? each.value : [])));
  const purged = soft ? names.filter(name => !told.has(name)) : names;
  facts.book = afterPurge(facts.book, purged);
  return { purged, lingering: names.filter(name => !purged.includes(name)) };
}
