/**
 * The coordinator of code: whatever is loaded, promoted or reverted is prepared in every isolate before it is made in
 * any, so that a change reaches all of them or none. It keeps the book of what is in force, from which an isolate that
 * starts gets its code, counts crashes of new code, and takes back what crashes too often.
 */
import {
  at,
  call,
  type CallResult,
  type CastResult,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import type { Refused } from '../isolates/protocol.ts';
import {
  newFacts,
  note,
  type CoordinatorArgument,
  type Facts,
  type Info,
  type State,
} from './coordinator-state.ts';
import { ASK_WITHIN_MS, change, check, finish, here, tellAll } from './everywhere.ts';
import { readHandlers, type HandlerSet } from './handler-files.ts';
import { HandlersError } from './handlers-error.ts';
import {
  afterLoad,
  canaries,
  difference,
  directoriesIn,
  layersOf,
  loadedBy,
  revertible,
  withOld,
  type Difference,
} from './in-force.ts';
import { mergeRows, type Listing } from './listing.ts';
import {
  isRefused,
  loaderName,
  type Changed,
  type CodeCall,
  type CodeCast,
  type InForce,
  type Load,
} from './protocol.ts';
import { refuse } from './refuse.ts';
import { beginTrial, waitForEnd } from './probation.ts';
import { moduleNames, swappableNamed } from './swappable.ts';
import { newTrial } from './trial.ts';
import { crashed, endTrial, takeBack } from './trials.ts';
import { promote, purge, revert, revertWanted } from './versions.ts';

let facts: Facts | undefined;

type Answer = Awaited<ReturnType<typeof answerCall>>;

export const codeCoordinator: GenServer<CoordinatorArgument, State, CodeCall, CodeCast, Info> = {
  async init(argument): Promise<InitResult<State>> {
    const isRestarted = facts?.of === argument;
    if (facts?.of !== argument) facts = newFacts(argument);
    const state: State = { ...argument, facts };
    if (isRestarted) await finish(facts);
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
      case 'taken_back': {
        const { load, isolate } = message;
        const names = loadedBy(state.facts.book, load);
        await takeBack(state, names, `it crashed too often in isolate ${isolate}`);
        break;
      }
      case 'isolate_died': {
        const { isolate, reason, heldBy } = message;
        state.facts.joined.delete(isolate);
        state.facts.joining.delete(isolate);
        const who = heldBy === 0 ? '' : ` in the turn of process ${heldBy}`;
        // It died of what was to be loaded: that is refused already.
        if (state.facts.blamed.delete(isolate)) {
          note(state, `isolate ${isolate} ended over what was refused${who}: ${reason}`);
          break;
        }
        // A canary may be on trial beside what the others have.
        const names = [...new Set(state.facts.trials.flatMap(trial => trial.names))];
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
    if (message.kind === 'trial_over') await endTrial(state, message);
    else if (message.kind === 'take_back_again') {
      const { names, loads } = message;
      const onTrial = state.facts.trials.flatMap(({ load, names }) =>
        loads.includes(load) ? names : [],
      );
      await takeBack(
        state,
        names.filter(name => onTrial.includes(name)),
        'it is tried again',
      );
    }
    return ['noreply', state];
  },
};

async function answerCall(request: CodeCall, state: State) {
  const { facts } = state;
  switch (request.kind) {
    case 'join':
      return join(facts, request);
    case 'load':
      return loadNamed(state, request.directory, request.share);
    case 'reload':
      return loadOrTell(state, state.directory, undefined);
    case 'promote':
      return promote(state, request.names, 'unproved');
    case 'revert':
      return revertWanted(state, request.names);
    case 'purge':
      return purge(state, request.names, request.soft);
    case 'list':
      return list(state);
  }
}

/** Whoever loads is asked nothing meanwhile: so it is told again what is in force until nothing of that has changed. */
function join(
  { book, joined, joining, blamed }: Facts,
  { isolate, isNew }: { readonly isolate: number; readonly isNew: boolean },
): InForce | undefined {
  blamed.delete(isolate);
  if (!isNew && joining.get(isolate) === book) {
    joining.delete(isolate);
    joined.add(isolate);
    return undefined;
  }
  joined.delete(isolate);
  joining.set(isolate, book);
  return { layers: layersOf(book), withOld: withOld(book) };
}

async function loadNamed(
  state: State,
  directory: string | undefined,
  share: number | undefined,
): Promise<Changed | Refused> {
  const { facts } = state;
  const result = await loadOrTell(state, directory ?? facts.named.at(-1) ?? state.directory, share);
  if (directory !== undefined && !isRefused(result))
    facts.named = [...facts.named.filter(name => name !== directory), directory];
  return result;
}

/** Nobody may be listening to the answer: a reload by a signal or a saved file is told in the log. */
async function loadOrTell(
  state: State,
  directory: string | undefined,
  share: number | undefined,
): Promise<Changed | Refused> {
  const result = await load(state, directory, share);
  if (isRefused(result)) {
    note(state, `refused what is in ${directory ?? 'nowhere'}: ${result.message}`);
  }
  return result;
}

async function load(
  state: State,
  directory: string | undefined,
  share: number | undefined,
): Promise<Changed | Refused> {
  const { facts } = state;
  if (directory === undefined)
    return refuse('no_handlers', 'This server runs without handlers: name a directory to load.');
  // Of what was loaded from there the last file may be gone too: that is its module's way back.
  const mayBeEmpty = directory === state.directory || directoriesIn(facts.book).includes(directory);
  const read = await readOrRefuse(directory, mayBeEmpty);
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
  if (names.length === 0) {
    if (read.modules.length === 0)
      note(state, `there are no handlers in ${read.directory}: nothing of it is in force`);
    return { modules: [], unchanged, isolates: here(facts) };
  }

  const id = ++facts.loads;
  const load: Load = {
    id,
    files: read.files,
    modules: changed.map(({ name, path }) => ({ name, path })),
  };
  const bad = await check(facts, load);
  const result =
    bad ??
    (await change(facts, { kind: 'load', id, share }, names, () => {
      facts.book = afterLoad(facts.book, id, read, changed, share);
      facts.latest = names;
      beginTrial(state, newTrial(id, names, share, state.limits, state.now()));
    }));
  if (isRefused(result)) {
    await tellAll(facts, { kind: 'cancel' });
    return result;
  }
  note(state, whatWasLoaded(read.directory, changed, share));
  return { modules: names, unchanged, isolates: result };
}

function whatWasLoaded(
  directory: string,
  changed: Difference['changed'],
  share: number | undefined,
): string {
  const namesOf = (wanted: Difference['changed']) => wanted.map(({ name }) => name).join(', ');
  const added = changed.filter(({ path }) => path !== undefined);
  const removed = changed.filter(({ path }) => path === undefined);
  const forWhom =
    share === undefined ? '' : ` for ${Number((share * 100).toPrecision(6))} % of the users`;
  return [
    ...(added.length === 0 ? [] : [`loaded ${namesOf(added)} from ${directory}${forWhom}`]),
    ...(removed.length === 0
      ? []
      : [`back to the built-in ${namesOf(removed)}, of which the file is gone from ${directory}`]),
  ].join('; ');
}

async function readOrRefuse(directory: string, mayBeEmpty: boolean): Promise<HandlerSet | Refused> {
  try {
    return await readHandlers(directory, moduleNames, { mayBeEmpty });
  } catch (error) {
    if (error instanceof HandlersError) return refuse(error.code, error.message);
    throw error;
  }
}

async function list({ facts }: State): Promise<Listing> {
  const answers = await Promise.allSettled(
    here(facts).map(isolate => call(at(loaderName, isolate), { kind: 'list' }, ASK_WITHIN_MS)),
  );
  const rows = answers.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []));
  return {
    directories: directoriesIn(facts.book),
    modules: mergeRows(rows),
    trials: facts.trials.map(({ names, share, endsAt, crashes, othersCrashes }) => ({
      modules: names,
      ...{ share, endsAt, crashes, othersCrashes },
    })),
    history: facts.history,
  };
}
