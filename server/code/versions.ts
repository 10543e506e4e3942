/** The versions in force, changed by hand or by a trial: promoted, reverted, purged. */
import { at, call } from '../../actors/index.ts';
import type { Refused } from '../isolates/protocol.ts';
import { note, type State } from './coordinator-state.ts';
import { ASK_WITHIN_MS, change, here } from './everywhere.ts';
import {
  afterPromote,
  afterProof,
  afterPurge,
  afterRevert,
  canaries,
  directoriesIn,
  revertible,
  unproved,
  type Book,
} from './in-force.ts';
import { beginAnew } from './probation.ts';
import { isRefused, loaderName, type Changed, type Probation } from './protocol.ts';
import { refuse } from './refuse.ts';
import { moduleNames } from './swappable.ts';
import { withoutNames } from './trial.ts';

/** @param as a canary that was compared for all of its time has proved itself; one that somebody promotes has yet to */
export async function promote(
  state: State,
  wanted: readonly string[],
  as: 'proved' | 'unproved',
): Promise<Changed | Refused> {
  const { facts } = state;
  const running = canaries(facts.book);
  const names = wanted.length === 0 ? running : wanted;
  const unknown = names.find(name => !moduleNames.includes(name));
  if (unknown !== undefined) return undefinedModule(unknown);
  const none = names.find(name => !running.includes(name));
  if (none !== undefined || names.length === 0)
    return refuse(
      'no_canary',
      `There is no canary${none === undefined ? '' : ` of ${none}`} to promote.`,
    );
  const promoted = afterPromote(facts.book, names);
  const book = as === 'proved' ? afterProof(promoted, names) : promoted;
  const onProbation = unproved(book, names);
  const result = await change(facts, { kind: 'promote', names, onProbation }, names, () => {
    settle(state, book, names, onProbation);
  });
  if (isRefused(result)) return result;
  note(
    state,
    `promoted ${names.join(', ')}: everybody has the new version${said(onProbation, ', and it is')}`,
  );
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
  const unknown = wanted.find(name => !moduleNames.includes(name));
  if (unknown !== undefined) return undefinedModule(unknown);
  const loaded = [...book]
    .filter(([, { current }]) => current !== 'built-in')
    .map(([name]) => name);
  const meant = none === undefined ? loaded : loaded.filter(name => name === none);
  const wayBack =
    meant.length === 0
      ? ''
      : ` For the built-in ${meant.join(', ')} remove the file and load its directory again.`;
  return refuse(
    'no_old_version',
    `There is no version${none === undefined ? '' : ` of ${none}`} to go back to.${wayBack}`,
  );
}

const undefinedModule = (name: string): Refused =>
  refuse('undefined_module', `There is no module ${name}: \`code list\` shows them.`);

function newest(book: Book, latest: readonly string[]): readonly string[] {
  const running = canaries(book);
  return running.length > 0 ? running : latest.filter(name => revertible(book).includes(name));
}

/** Without their canaries, or to their old versions; what has neither is built in again. */
export async function revert(state: State, names: readonly string[]): Promise<Changed | Refused> {
  const possible = revertible(state.facts.book);
  const back = names.filter(name => possible.includes(name));
  const others = names.filter(name => !possible.includes(name));
  const done = back.length > 0 ? await goBack(state, 'revert', back) : undefined;
  if (isRefused(done) || (done !== undefined && others.length === 0)) return done;
  const result = await goBack(state, 'built_in', others);
  return isRefused(result) ? result : { ...result, modules: names };
}

async function goBack(
  state: State,
  kind: 'revert' | 'built_in',
  names: readonly string[],
): Promise<Changed | Refused> {
  const { facts } = state;
  const book = afterRevert(facts.book, names);
  const onProbation = unproved(book, names);
  const result = await change(facts, { kind, names, onProbation }, names, () => {
    const before = directoriesIn(facts.book);
    settle(state, book, names, onProbation);
    const now = directoriesIn(facts.book);
    facts.named = facts.named.filter(name => !before.includes(name) || now.includes(name));
    facts.latest = facts.latest.filter(name => !names.includes(name));
  });
  if (isRefused(result)) return result;
  const where = kind === 'built_in' ? ' to what is built in, as no other version is left' : '';
  const again = said(onProbation, ': the version that is back is');
  note(state, `reverted ${names.join(', ')}${where}${again}`);
  return { modules: names, unchanged: [], isolates: result };
}

/** It is decided: what is in force now, and what of it is on trial. */
function settle(
  state: State,
  book: Book,
  names: readonly string[],
  onProbation: readonly Probation[],
): void {
  const { facts } = state;
  facts.book = book;
  facts.trials = withoutNames(facts.trials, names);
  beginAnew(state, onProbation);
}

const said = (onProbation: readonly Probation[], what: string): string =>
  onProbation.length === 0 ? '' : `${what} on probation`;

export async function purge({ facts }: State, wanted: readonly string[], soft: boolean) {
  const names = wanted.length > 0 ? wanted : moduleNames;
  const unknown = names.find(name => !moduleNames.includes(name));
  if (unknown !== undefined) return undefinedModule(unknown);
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
