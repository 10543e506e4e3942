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
  directoriesIn,
  revertible,
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
  const result = await change(facts, { kind: 'promote', names }, names, () => {
    facts.book = afterPromote(facts.book, names);
    facts.trials = withoutNames(facts.trials, names);
  });
  if (isRefused(result)) return result;
  note(state, `promoted ${names.join(', ')}: everybody has the new version`);
  return { modules: names, unchanged: [], isolates: result };
}

/** Without names: the canary, else what the last load changed, as far as it is in force. */
export async function revertWanted(
  state: State,
  wanted: readonly string[],
): Promise<Changed | Refused> {
  const { book, latest } = state.facts;
  const possible = revertible(book);
  const names = wanted.length > 0 ? wanted : newest(book, latest);
  const none = names.find(name => !possible.includes(name));
  if (none === undefined && names.length > 0) return revert(state, names);
  if (wanted.length === 0 && possible.length > 0)
    return refuse(
      'not_in_force',
      `What was loaded last is not in force any more. There is an old version of ${possible.join(', ')}: name what is to go back, such as \`code revert ${possible.join(' ')}\`.`,
    );
  return refuse(
    'no_old_version',
    `There is no version${none === undefined ? '' : ` of ${none}`} to go back to.`,
  );
}

function newest(book: Book, latest: readonly string[]): readonly string[] {
  const running = canaries(book);
  return running.length > 0 ? running : latest.filter(name => revertible(book).includes(name));
}

export async function revert(state: State, names: readonly string[]): Promise<Changed | Refused> {
  const { facts } = state;
  const result = await change(facts, { kind: 'revert', names }, names, () => {
    const before = directoriesIn(facts.book);
    facts.book = afterRevert(facts.book, names);
    const now = directoriesIn(facts.book);
    facts.named = facts.named.filter(name => !before.includes(name) || now.includes(name));
    facts.latest = facts.latest.filter(name => !names.includes(name));
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
