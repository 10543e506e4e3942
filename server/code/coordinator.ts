/**
 * The coordinator of code: whatever is loaded, promoted or reverted is prepared in every isolate before it is made in
 * any, so that a change reaches all of them or none. It keeps the book of what is in force, from which an isolate that
 * starts gets its code, counts crashes of new code, and takes back what crashes too often.
 */
import {
  at,
  call,
  connectedIsolates,
  describeReason,
  Exit,
  self,
  sendAfter,
  thisIsolate,
  type CallResult,
  type CastResult,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import type { Refused } from '../isolates/protocol.ts';
import { readHandlers, type HandlerSet } from './handler-files.ts';
import { HandlersError } from './handlers-error.ts';
import {
  afterLoad,
  afterPromote,
  afterPurge,
  afterRevert,
  canaries,
  difference,
  layersOf,
  revertible,
  slotsOf,
  type Book,
} from './in-force.ts';
import { mergeRows, type HistoryEntry, type Listing } from './listing.ts';
import {
  isRefused,
  loaderName,
  type Changed,
  type CodeCall,
  type CodeCast,
  type Crashed,
  type Load,
  type LoaderCall,
  type Step,
} from './protocol.ts';
import { moduleNames, swappableNamed } from './swappable.ts';
import { failed, newTrial, type Trial, type TrialLimits } from './trial.ts';

export interface CoordinatorArgument {
  /** The directory to load when none is named. */
  readonly directory: string | undefined;
  readonly limits: TrialLimits;
  /** Told in the log. */
  readonly onNotice: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What survives this process: what is in force is a fact, not its opinion. */
interface Facts {
  /** Which server this is about: a process may have one after the other. */
  readonly of: object;
  directory: string | undefined;
  loads: number;
  book: Book;
  /** Isolates whose loader has what is in force. */
  readonly joined: Set<number>;
  /** Those that ended while they tried or prepared something. */
  readonly blamed: Set<number>;
  /** A change on its way: whether it has been decided. */
  underWay: 'preparing' | 'decided' | undefined;
  trials: readonly Trial[];
  history: readonly HistoryEntry[];
}

interface State extends CoordinatorArgument {
  readonly facts: Facts;
}

type Info =
  | { readonly kind: 'trial_over'; readonly load: number }
  | { readonly kind: 'take_back_again'; readonly names: readonly string[] };

/** Longer than a loader takes to give up. */
const ASK_WITHIN_MS = 15_000;
const RETRY_MS = 1_000;
const HISTORY_ENTRIES = 50;

let facts: Facts | undefined;

type Answer = Awaited<ReturnType<typeof answerCall>>;

export const codeCoordinator: GenServer<CoordinatorArgument, State, CodeCall, CodeCast, Info> = {
  async init(argument): Promise<InitResult<State>> {
    const isRestarted = facts?.of === argument;
    if (facts?.of !== argument) facts = newFacts(argument);
    const state: State = { ...argument, facts };
    if (isRestarted) await finish(state);
    for (const trial of facts.trials) waitForEnd(state, trial);
    return ['ok', state];
  },

  async handleCall(request, _from, state): Promise<CallResult<Answer, State>> {
    return ['reply', await answerCall(request, state), state];
  },

  async handleCast(message, state): Promise<CastResult<State>> {
    switch (message.kind) {
      case 'crashed':
        await crashed(state, message);
        break;
      case 'isolate_died': {
        const { isolate, reason, heldBy } = message;
        state.facts.joined.delete(isolate);
        // It died of what was to be loaded: that is refused already.
        if (state.facts.blamed.delete(isolate)) break;
        const names = state.facts.trials.flatMap(trial => trial.names);
        const who = heldBy === 0 ? '' : ` in the turn of process ${heldBy}`;
        await takeBack(state, names, `isolate ${isolate} ended${who}: ${reason}`);
        break;
      }
      case 'cannot_load': {
        const { names, isolate } = message;
        const bad = names.filter(name => revertible(state.facts.book).includes(name));
        note(state, `isolate ${isolate} cannot load ${names.join(', ')}: ${message.message}`);
        if (bad.length > 0) await revert(state, bad);
        break;
      }
    }
    return ['noreply', state];
  },

  async handleInfo(message, state): Promise<CastResult<State>> {
    if (message.kind === 'trial_over') await endTrial(state, message.load);
    else if (message.kind === 'take_back_again') {
      const { names } = message;
      const onTrial = state.facts.trials.flatMap(trial => trial.names);
      await takeBack(
        state,
        names.filter(name => onTrial.includes(name)),
        'it is tried again',
      );
    }
    return ['noreply', state];
  },
};

const newFacts = (argument: CoordinatorArgument): Facts => ({
  of: argument,
  directory: argument.directory,
  loads: 0,
  book: new Map(),
  joined: new Set(),
  blamed: new Set(),
  underWay: undefined,
  trials: [],
  history: [],
});

async function answerCall(request: CodeCall, state: State) {
  const { facts } = state;
  switch (request.kind) {
    case 'join':
      facts.joined.add(request.isolate);
      facts.blamed.delete(request.isolate);
      return layersOf(facts.book);
    case 'load':
      return loadOrTell(state, request.directory, request.share);
    case 'promote':
      return promote(state, request.names);
    case 'revert':
      return revertWanted(state, request.names);
    case 'purge':
      return purge(state, request.names, request.soft);
    case 'list':
      return list(state);
  }
}

/** Nobody may be listening to the answer: a reload by a signal or a saved file is told in the log. */
async function loadOrTell(
  state: State,
  directory: string | undefined,
  share: number | undefined,
): Promise<Changed | Refused> {
  const result = await load(state, directory, share);
  if (isRefused(result)) {
    const from = directory ?? state.facts.directory ?? 'nowhere';
    note(state, `refused what is in ${from}: ${result.message}`);
  }
  return result;
}

async function load(
  state: State,
  wanted: string | undefined,
  share: number | undefined,
): Promise<Changed | Refused> {
  const { facts } = state;
  const directory = wanted ?? facts.directory;
  if (directory === undefined)
    return refuse('no_handlers', 'This server runs without handlers: name a directory to load.');
  const read = await readOrRefuse(directory);
  if (isRefused(read)) return read;
  const trying = canaries(facts.book);
  if (trying.length > 0)
    return refuse(
      'canary_running',
      `A canary runs of ${trying.join(', ')}: promote or revert it first.`,
    );
  const { changed, unchanged } = difference(facts.book, read, share !== undefined);
  const names = changed.map(({ name }) => name);
  const shared = share === undefined ? [] : names.filter(name => !swappableNamed(name).canary);
  if (shared.length > 0)
    return refuse(
      'no_canary',
      `${shared.join(', ')} serves everybody at once: load it without --canary.`,
    );
  if (share === undefined) facts.directory = read.directory;
  if (names.length === 0) return { modules: [], unchanged, isolates: here(facts) };

  const id = ++facts.loads;
  const load: Load = {
    id,
    files: read.files,
    modules: changed.map(({ name, path }) => ({ name, path })),
  };
  const bad = await check(state, load);
  const result =
    bad ??
    (await change(state, { kind: 'load', id, share }, () => {
      facts.book = afterLoad(facts.book, id, read, changed, share);
    }));
  if (isRefused(result)) {
    await tellAll(facts, { kind: 'cancel' });
    return result;
  }
  begin(state, newTrial(id, names, share, state.limits, state.now()));
  const forWhom = share === undefined ? '' : ` for ${share * 100} % of the users`;
  note(state, `loaded ${names.join(', ')} from ${read.directory}${forWhom}`);
  return { modules: names, unchanged, isolates: result };
}

async function readOrRefuse(directory: string): Promise<HandlerSet | Refused> {
  try {
    return await readHandlers(directory, moduleNames);
  } catch (error) {
    if (error instanceof HandlersError) return refuse(error.code, error.message);
    throw error;
  }
}

/** Runs the new code for the first time. */
async function check({ facts }: State, load: Load): Promise<Refused | undefined> {
  const isolates = here(facts);
  if (isolates.length === 0) return refuse('unavailable', 'No isolate is up: try again.');
  return oneBeforeAll(isolates, isolate => askLoader(facts, isolate, { kind: 'check', load }));
}

/**
 * Asks one isolate before all others: new code that never comes back holds up that one only, until its watchdog ends it.
 * The thread with the sockets comes last.
 * @returns the first refusal
 */
async function oneBeforeAll(
  isolates: readonly number[],
  ask: (isolate: number) => Promise<'ok' | Refused>,
): Promise<Refused | undefined> {
  const main = isolates.filter(isolate => isolate === thisIsolate());
  const [first, ...others] = isolates.filter(isolate => isolate !== thisIsolate());
  const groups = [first === undefined ? [] : [first], others, main];
  for (const group of groups) {
    const answers = await Promise.all(group.map(ask));
    const bad = answers.find(isRefused);
    if (bad !== undefined) return bad;
  }
  return undefined;
}

/**
 * Two phases: everybody prepares, then everybody commits. Between them the change is decided, and written into the
 * book: whoever starts or dies from then on gets it from there.
 */
async function change(
  { facts }: State,
  step: Step,
  decide: () => void,
): Promise<readonly number[] | Refused> {
  facts.underWay = 'preparing';
  const isolates = here(facts);
  const bad = await oneBeforeAll(isolates, isolate =>
    askLoader(facts, isolate, { kind: 'prepare', step }),
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
async function finish({ facts }: State): Promise<void> {
  await tellAll(facts, { kind: facts.underWay === 'decided' ? 'commit' : 'cancel' });
  facts.underWay = undefined;
}

const tellAll = (facts: Facts, request: { readonly kind: 'commit' | 'cancel' }): Promise<unknown> =>
  Promise.all(here(facts).map(isolate => askLoader(facts, isolate, request)));

/** Those that are there and have what is in force; others get it when they start. */
const here = ({ joined }: Facts): number[] => {
  const connected = connectedIsolates();
  return [...joined].filter(isolate => isolate === thisIsolate() || connected.includes(isolate));
};

/**
 * An isolate or a loader that is just not there gets what is in force when it starts. One that ends over new code ended
 * by it; one that ends over anything else needs no asking any more.
 */
async function askLoader(
  facts: Facts,
  isolate: number,
  request: Exclude<LoaderCall, { kind: 'purge' | 'list' }>,
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
      `isolate ${isolate} did not live through it (${describeReason(why)}): nothing was changed.`,
    );
  }
}

const runsNewCode = (request: LoaderCall): boolean =>
  request.kind === 'check' || (request.kind === 'prepare' && request.step.kind === 'load');

async function promote(state: State, wanted: readonly string[]): Promise<Changed | Refused> {
  const { facts } = state;
  const running = canaries(facts.book);
  const names = wanted.length === 0 ? running : wanted;
  const none = names.find(name => !running.includes(name));
  if (none !== undefined || names.length === 0)
    return refuse(
      'no_canary',
      `There is no canary${none === undefined ? '' : ` of ${none}`} to promote.`,
    );
  const result = await change(state, { kind: 'promote', names }, () => {
    facts.book = afterPromote(facts.book, names);
    facts.trials = withoutNames(facts.trials, names);
  });
  if (isRefused(result)) return result;
  note(state, `promoted ${names.join(', ')}: everybody has the new version`);
  return { modules: names, unchanged: [], isolates: result };
}

/** Without names: the canary, else all modules of the newest load. */
async function revertWanted(state: State, wanted: readonly string[]): Promise<Changed | Refused> {
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

async function revert(state: State, names: readonly string[]): Promise<Changed | Refused> {
  const { facts } = state;
  const result = await change(state, { kind: 'revert', names }, () => {
    facts.book = afterRevert(facts.book, names);
    facts.trials = withoutNames(facts.trials, names);
  });
  if (isRefused(result)) return result;
  note(state, `reverted ${names.join(', ')}`);
  return { modules: names, unchanged: [], isolates: result };
}

async function purge({ facts }: State, wanted: readonly string[], soft: boolean) {
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

async function list({ facts }: State): Promise<Listing> {
  const answers = await Promise.allSettled(
    here(facts).map(isolate => call(at(loaderName, isolate), { kind: 'list' }, ASK_WITHIN_MS)),
  );
  const rows = answers.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []));
  return {
    directory: facts.directory,
    modules: mergeRows(rows),
    trials: facts.trials.map(({ names, share, endsAt, crashes, othersCrashes }) => ({
      modules: names,
      ...{ share, endsAt, crashes, othersCrashes },
    })),
    history: facts.history,
  };
}

/** The newest load of a module is the one that is on trial. */
function begin(state: State, trial: Trial): void {
  const { facts } = state;
  facts.trials = [...withoutNames(facts.trials, trial.names), trial];
  waitForEnd(state, trial);
}

const withoutNames = (trials: readonly Trial[], names: readonly string[]): readonly Trial[] =>
  trials
    .map(trial => ({ ...trial, names: trial.names.filter(name => !names.includes(name)) }))
    .filter(trial => trial.names.length > 0);

function waitForEnd({ now }: State, { endsAt, load }: Trial): void {
  sendAfter(Math.max(endsAt - now(), 0), self(), { kind: 'trial_over', load } satisfies Info);
}

async function crashed(
  state: State,
  { name, slot, load, isolate, reason }: Crashed,
): Promise<void> {
  const trial = state.facts.trials.find(({ names }) => names.includes(name));
  if (trial === undefined || slot === 'old') return;
  if (trial.share !== undefined && slot === 'current') {
    trial.othersCrashes++;
    return;
  }
  // It may be of a version that has been taken back meanwhile.
  if (load !== trial.load) return;
  trial.crashes++;
  note(
    state,
    `${name} crashed in isolate ${isolate}, ${trial.crashes} of ${state.limits.crashes}: ${reason}`,
  );
  if (failed(trial, state.limits)) await takeBack(state, trial.names, `${name} crashed too often`);
}

/** What cannot be taken back now, because somebody does not come to rest, is tried again. */
async function takeBack(state: State, names: readonly string[], why: string): Promise<void> {
  if (names.length === 0) return;
  note(state, `${names.join(', ')} is taken back: ${why}`);
  const result = await revert(state, names);
  if (!isRefused(result)) return;
  note(state, `${names.join(', ')} could not be taken back: ${result.message}`);
  sendAfter(RETRY_MS, self(), { kind: 'take_back_again', names } satisfies Info);
}

/** A canary that has not failed gets everybody; what everybody has is proved. */
async function endTrial(state: State, load: number): Promise<void> {
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

/** In the log, and in `code list`. */
function note(state: State, text: string): void {
  state.onNotice(`code: ${text}`);
  const { facts } = state;
  facts.history = [...facts.history, { at: state.now(), text }].slice(-HISTORY_ENTRIES);
}

const refuse = (code: string, message: string): Refused => ({ code, message });
