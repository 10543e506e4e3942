/**
 * The loader of an isolate: loads, tries and changes code there as the coordinator says, and tells it of crashes. It
 * starts before anybody who runs such code, with what is in force.
 */
import {
  call,
  cast,
  code,
  describeReason,
  Exit,
  register,
  self,
  send,
  startLink,
  stop,
  thisIsolate,
  type CallResult,
  type CastResult,
  type GenServer,
  type InitResult,
  type Pid,
  type StartResult,
} from '../../actors/index.ts';
import { setTimeout } from 'node:timers/promises';
import type { Refused } from '../isolates/protocol.ts';
import { compileLoad } from './compile-load.ts';
import type { ModuleRow, VersionRow } from './listing.ts';
import {
  coordinator,
  loaderName,
  type Crashed,
  type InForce,
  type Layer,
  type Load,
  type LoaderCall,
  type Step,
} from './protocol.ts';
import { smokeArgument } from './smoke.ts';
import {
  failed,
  newTrial,
  trialOf,
  withoutNames,
  withTrial,
  type Trial,
  type TrialLimits,
} from './trial.ts';
import { defineModules, moduleNames, swappableNamed } from './swappable.ts';

export interface LoaderArgument {
  readonly limits: TrialLimits;
}

interface State extends LoaderArgument {
  /** Whoever is changed stands still meanwhile; it is put back if this process dies. */
  prepared: code.Prepared | undefined;
  /** What may have to go at once. */
  trials: readonly Trial[];
  /** What went here at once: the coordinator asks for it later. */
  readonly contained: Set<string>;
  /** What it asks for now, until it says that it is done everywhere or nowhere. */
  step: Step | undefined;
  /** What was found good, until it is loaded or given up. */
  checked: Checked | undefined;
}

interface Checked {
  readonly id: number;
  readonly versions: readonly code.Version[];
}

/** To itself, out of the crash that it is about. */
interface CrashSeen {
  readonly kind: 'crash_seen';
  readonly crash: Crashed;
}

/** How long processes may take to come to rest for a change. */
const OPTIONS = { timeoutMs: 5_000 } as const;
/** How long a process that is only tried may take to begin. */
const BEGIN_WITHIN_MS = 1_000;
/** How often a coordinator that is being restarted is looked for. */
const RETRY_MS = 20;

/** With which load a version came, by module and hash. */
const loads = new Map<string, number>();

type Answer = 'ok' | Refused | readonly string[] | readonly ModuleRow[];

export const loader: GenServer<LoaderArgument, State, LoaderCall, never, CrashSeen> = {
  async init({ limits }): Promise<InitResult<State>> {
    defineModules();
    const state: State = {
      limits,
      ...{ prepared: undefined, checked: undefined, step: undefined },
      trials: [],
      contained: new Set(),
    };
    tellCrashes(self());
    const inForce = await join(true);
    if (inForce !== undefined) await take(inForce);
    // The coordinator asks it as soon as it has said that this is all, and not before: neither waits for the other.
    register(loaderName, self());
    for (let next = await join(false); next !== undefined; next = await join(false))
      await take(next);
    return ['ok', state];
  },

  async handleCall(request, _from, state): Promise<CallResult<Answer, State>> {
    switch (request.kind) {
      case 'check':
        return ['reply', await orRefused(() => check(state, request.load)), state];
      case 'prepare':
        return ['reply', await orRefused(() => prepare(state, request.step)), state];
      case 'commit':
        state.prepared?.commit();
        committed(state);
        settled(state);
        return ['reply', 'ok', state];
      case 'cancel':
        state.prepared?.revert();
        settled(state);
        return ['reply', 'ok', state];
      case 'purge': {
        const done = request.names.filter(name =>
          request.soft ? !code.softPurge(name) : code.purge(name),
        );
        return ['reply', done, state];
      }
      case 'list':
        return ['reply', rows(), state];
    }
  },

  async handleInfo(message, state): Promise<CastResult<State>> {
    // What a session that is only tried says comes here too, and its end.
    if (message.kind === 'crash_seen') {
      cast(coordinator, message.crash);
      await contain(state, message.crash);
    }
    return ['noreply', state];
  },

  terminate(): void {
    code.onCrash(undefined);
  },
};

async function join(isNew: boolean): Promise<InForce | undefined> {
  for (;;) {
    try {
      return await call(coordinator, { kind: 'join', isolate: thisIsolate(), isNew }, Infinity);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}

async function take({ layers, withOld }: InForce): Promise<void> {
  await dropCanaries(layers);
  for (const layer of layers) await takeLayer(layer);
  // Loading leaves the built-in version behind where others have nothing to go back to.
  for (const { name, old } of code.list())
    if (old !== undefined && !withOld.includes(name)) code.softPurge(name);
}

/**
 * Brings this isolate to what is in force. A new one has nothing yet; in one whose loader has died nearly everything is
 * there already, and stays. What cannot be loaded is in force nowhere for long: the coordinator hears of it.
 */
async function takeLayer({ slot, load, share }: Layer): Promise<void> {
  const names = namesOf(load.modules);
  const taken = await orRefused(async () => {
    const versions = compileLoad(load);
    remember(load.id, versions);
    const there = new Map(code.list().map(row => [row.name, row]));
    const isAt = (at: Layer['slot'], { name, hash }: code.Version): boolean =>
      there.get(name)?.[at]?.hash === hash;
    const missing = versions.filter(
      version => !isAt(slot, version) && !(slot === 'old' && isAt('current', version)),
    );
    const back = missing.filter(version => slot === 'current' && isAt('old', version));
    if (back.length > 0) await code.revert(namesOf(back), OPTIONS);
    const rest = missing.filter(version => !back.includes(version));
    if (rest.length > 0)
      await code.upgrade(rest, share === undefined ? OPTIONS : { ...OPTIONS, share });
    return 'ok';
  });
  if (taken === 'ok') return;
  const isolate = thisIsolate();
  cast(coordinator, { kind: 'cannot_load', isolate, names, message: taken.message });
}

/** A canary that went while this loader was away goes here too. */
async function dropCanaries(layers: readonly Layer[]): Promise<void> {
  const kept = layers
    .filter(({ slot }) => slot === 'canary')
    .flatMap(({ load }) => load.modules.map(({ name }) => name));
  const gone = code
    .list()
    .filter(({ name, canary }) => canary !== undefined && !kept.includes(name));
  if (gone.length > 0) await code.revert(namesOf(gone), OPTIONS);
}

const namesOf = (modules: readonly { readonly name: string }[]): readonly string[] =>
  modules.map(({ name }) => name);

/** @throws code.CodeError for what is wrong with a version */
async function check(state: State, load: Load): Promise<'ok' | Refused> {
  const versions = compileLoad(load);
  for (const version of versions) {
    const failure = await tryOut(version);
    if (failure !== undefined) return refused('check_failed', failure);
  }
  state.checked = { id: load.id, versions };
  return 'ok';
}

/** Calls it as it would be called. @returns what it does wrong */
async function tryOut({
  name,
  exports,
  filename = name,
}: code.Version): Promise<string | undefined> {
  try {
    swappableNamed(name).check(exports);
  } catch (error) {
    const { line } = code.placeIn(error, filename);
    const what = error instanceof Error ? `${error.message} (${error.name})` : String(error);
    return `${filename}${line === undefined ? '' : `:${line}`}: ${what}`;
  }
  const argument = smokeArgument(name, self());
  if (argument === undefined) return undefined;
  const { default: module } = exports as { readonly default: GenServer<unknown, object> };
  const options = { label: 'code_check', timeoutMs: BEGIN_WITHIN_MS };
  const [result, reason]: StartResult = await startLink(module, argument, options);
  if (result !== 'ok') return `${filename}: its init does not begin: ${describeReason(reason)}`;
  await stop(reason, 'normal', BEGIN_WITHIN_MS);
  return undefined;
}

async function prepare(state: State, step: Step): Promise<'ok' | Refused> {
  const wanted = stepHere(state, step);
  state.step = step;
  if (wanted === undefined)
    return refused('not_checked', 'The loader was restarted over it: load it again.');
  if (wanted === 'nothing') return 'ok';
  state.prepared = await code.prepare(wanted, OPTIONS);
  return 'ok';
}

/** What of a step is to be done in this isolate; undefined when what it means is not here. */
function stepHere(state: State, step: Step): code.Step | 'nothing' | undefined {
  if (step.kind !== 'load') {
    // The code server has no more than one version to go back to.
    const names = step.names.filter(name => !state.contained.has(name));
    if (names.length === 0) return 'nothing';
    if (step.kind === 'built_in') return { load: names.map(name => code.builtIn(name)) };
    return step.kind === 'promote' ? { promote: names } : { revert: names };
  }
  if (state.checked?.id !== step.id) return undefined;
  const { id, versions } = state.checked;
  remember(id, versions);
  return step.share === undefined ? { load: versions } : { load: versions, share: step.share };
}

/** What is on trial here by what was asked for and is made now. */
function committed(state: State): void {
  const { step, checked, prepared, limits } = state;
  if (step === undefined) return;
  if (step.kind !== 'load') {
    if (step.kind !== 'promote') for (const name of step.names) state.contained.delete(name);
    // There is nothing that it could go back to: what has been left is not to be met again.
    if (step.kind === 'built_in') for (const name of step.names) code.softPurge(name);
    state.trials = withoutNames(state.trials, step.names);
    for (const { load, names } of step.onProbation)
      state.trials = withTrial(state.trials, newTrial(load, names, undefined, limits, Date.now()));
    return;
  }
  if (prepared === undefined || checked === undefined) return;
  const names = namesOf(checked.versions);
  for (const name of names) state.contained.delete(name);
  const trial = newTrial(step.id, names, step.share, limits, Date.now());
  state.trials = withTrial(state.trials, trial);
}

/**
 * New code that crashes again and again goes here before the coordinator has heard of it: the sessions that it takes with
 * it may only be restarted so often before their sockets are closed.
 */
async function contain(state: State, crash: Crashed): Promise<void> {
  const { limits } = state;
  const trial = trialOf(state.trials, crash);
  if (trial === undefined || trial.endsAt < Date.now() || !failed(trial, limits)) return;
  state.trials = state.trials.filter(each => each !== trial);
  // Another step may be on its way here: the coordinator does it after that.
  await orRefused(async () => {
    await goBack(trial.names, names => {
      for (const name of names) state.contained.add(name);
    });
    return 'ok';
  });
  cast(coordinator, { kind: 'taken_back', load: trial.load, isolate: thisIsolate() });
}

/** As the coordinator does it: to the version before, else to the built-in one. */
async function goBack(
  names: readonly string[],
  done: (names: readonly string[]) => void,
): Promise<void> {
  const rows = code.list().filter(({ name }) => names.includes(name));
  const isEmpty = ({ old, canary }: code.ModuleInfo) => old === undefined && canary === undefined;
  const back = namesOf(rows.filter(row => !isEmpty(row)));
  if (back.length > 0) await code.revert(back, OPTIONS);
  done(back);
  const others = namesOf(rows.filter(isEmpty));
  if (others.length === 0) return;
  await code.upgrade(
    others.map(name => code.builtIn(name)),
    OPTIONS,
  );
  for (const name of others) code.softPurge(name);
  done(others);
}

function settled(state: State): void {
  state.prepared = undefined;
  state.checked = undefined;
  state.step = undefined;
  const kept = code
    .list()
    .flatMap(({ name, current, old, canary }) =>
      [current, old, canary].map(version => keyOf(name, version?.hash ?? '')),
    );
  for (const key of loads.keys()) if (!kept.includes(key)) loads.delete(key);
}

const keyOf = (name: string, hash: string): string => `${name} ${hash}`;

function remember(id: number, versions: readonly code.Version[]): void {
  for (const { name, hash } of versions) if (id > 0) loads.set(keyOf(name, hash), id);
}

/** The crash is told by a message of its own: whoever crashes is on its way out and sends nothing any more. */
function tellCrashes(me: Pid): void {
  code.onCrash(({ name, hash, slot, pid, reason }) => {
    const crash: Crashed = {
      kind: 'crashed',
      name,
      slot,
      load: loads.get(keyOf(name, hash)),
      isolate: thisIsolate(),
      reason: describeReason(reason),
    };
    // What is at the top of a file runs in here: what it leaves behind, such as a timer, may end the loader itself.
    if (pid === me) cast(coordinator, crash);
    else send(me, { kind: 'crash_seen', crash } satisfies CrashSeen);
  });
}

const rows = (): readonly ModuleRow[] =>
  code
    .list()
    .filter(({ name }) => moduleNames.includes(name))
    .map(({ name, current, old, canary }) => ({
      name,
      current: versionRow(current),
      old: old === undefined ? undefined : versionRow(old),
      canary: canary === undefined ? undefined : { ...versionRow(canary), share: canary.share },
    }));

const versionRow = ({
  hash,
  filename,
  loadedAt,
  processes,
  crashes,
}: code.VersionInfo): VersionRow => ({ hash, filename, loadedAt, processes, crashes });

const refused = (code: string, message: string): Refused => ({ code, message });

/** Handlers are foreign code: what is wrong with them is an answer, and no crash of ours. */
async function orRefused(work: () => Promise<'ok' | Refused>): Promise<'ok' | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof code.CodeError) return refused(error.code, error.message);
    throw error;
  }
}
