/**
 * A change in every isolate or in none: whatever it is, all prepare before any commits. What isolates these are, and what
 * of a change is on its way, outlives the coordinator.
 */
import {
  at,
  call,
  connectedIsolates,
  describeReason,
  Exit,
  thisIsolate,
} from '../../actors/index.ts';
import type { Refused } from '../isolates/protocol.ts';
import { isRefused, loaderName, type Load, type LoaderCall, type Step } from './protocol.ts';
import { refuse } from './refuse.ts';

export interface Participants {
  /** Isolates whose loader has what is in force. */
  readonly joined: Set<number>;
  /** Those that are loading, with what they were told is in force. */
  readonly joining: Map<number, unknown>;
  /** Those that ended while they tried or prepared something. */
  readonly blamed: Set<number>;
  /** A change on its way: whether it has been decided. */
  underWay: 'preparing' | 'decided' | undefined;
}

/** Longer than a loader takes to give up. */
export const ASK_WITHIN_MS = 15_000;

/** Runs the new code for the first time. */
export async function check(facts: Participants, load: Load): Promise<Refused | undefined> {
  const isolates = here(facts);
  if (isolates.length === 0) return refuse('unavailable', 'No isolate is up: try again.');
  const doing = `tried ${namesOf(load)}`;
  return oneBeforeAll(isolates, isolate =>
    askLoader(facts, isolate, { kind: 'check', load }, doing),
  );
}

/**
 * Two phases: everybody prepares, then everybody commits. Between them the change is decided, and written into the
 * book: whoever starts or dies from then on gets it from there.
 */
export async function change(
  facts: Participants,
  step: Step,
  names: readonly string[],
  decide: () => void,
): Promise<readonly number[] | Refused> {
  facts.underWay = 'preparing';
  const doing = `changed its processes of ${names.join(', ')} (${step.kind})`;
  const isolates = here(facts);
  const bad = await oneBeforeAll(isolates, isolate =>
    askLoader(facts, isolate, { kind: 'prepare', step }, doing),
  );
  if (bad !== undefined) {
    await tellAll(facts, { kind: 'cancel' });
    facts.underWay = undefined;
    return bad;
  }
  facts.underWay = 'decided';
  decide();
  await tellAll(facts, { kind: 'commit' });
  facts.underWay = undefined;
  return isolates;
}

/** What the process before this one left half done is put back, or made everywhere if it was decided. */
export async function finish(facts: Participants): Promise<void> {
  await tellAll(facts, { kind: facts.underWay === 'decided' ? 'commit' : 'cancel' });
  facts.underWay = undefined;
}

/**
 * Asks one isolate before all others: new code that never comes back holds up that one only, until its watchdog ends it.
 * @returns the first refusal
 */
async function oneBeforeAll(
  isolates: readonly number[],
  ask: (isolate: number) => Promise<'ok' | Refused>,
): Promise<Refused | undefined> {
  for (const group of [isolates.slice(0, 1), isolates.slice(1)]) {
    const answers = await Promise.all(group.map(ask));
    const bad = answers.find(isRefused);
    if (bad !== undefined) return bad;
  }
  return undefined;
}

export const tellAll = (
  facts: Participants,
  request: { readonly kind: 'commit' | 'cancel' },
): Promise<unknown> =>
  Promise.all(here(facts).map(isolate => askLoader(facts, isolate, request, 'finished a change')));

/** Those that are there and have what is in force; others get it when they start. */
export const here = ({ joined }: Participants): number[] => {
  const connected = connectedIsolates();
  return [...joined].filter(isolate => isolate === thisIsolate() || connected.includes(isolate));
};

/**
 * An isolate or a loader that is just not there gets what is in force when it starts. One that ends over new code ended
 * by it; one that ends over anything else needs no asking any more.
 */
async function askLoader(
  facts: Participants,
  isolate: number,
  request: Exclude<LoaderCall, { kind: 'purge' | 'list' }>,
  doing: string,
): Promise<'ok' | Refused> {
  try {
    return await call(at(loaderName, isolate), request, ASK_WITHIN_MS);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    const [why] = error.reason as readonly unknown[];
    const isGone = why === 'noproc' || why === 'noconnection';
    if (isGone && (why === 'noproc' || !runsNewCode(request))) return 'ok';
    if (isGone) facts.blamed.add(isolate);
    return refuse(
      'isolate_ended',
      `isolate ${isolate} ${isGone ? 'ended, or was ended because it was stuck (the log says which),' : why === 'timeout' ? `was stuck for ${ASK_WITHIN_MS / 1_000} s` : `failed (${describeReason(why)})`} while it ${doing}: nothing was changed.`,
    );
  }
}

const namesOf = ({ modules }: Load): string =>
  modules.map(({ name, path }) => path ?? `the built-in ${name}`).join(', ');

const runsNewCode = (request: LoaderCall): boolean =>
  request.kind === 'check' || (request.kind === 'prepare' && request.step.kind === 'load');
