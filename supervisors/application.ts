/**
 * application: a supervision tree with a name, a beginning and an end.
 *
 * `start` brings the tree up, then runs the start phases in order; the tree's end means what the
 * type says that it was started with. See OTP's `application` and `application_master`.
 */
import { requireProcess, selfOrUndefined } from '../actors/context.ts';
import { Exit, reasonOf } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import type { GenServer, InitResult } from '../actors/gen-server/types.ts';
import { start as startServer, stop as stopServer } from '../actors/gen-server/gen-server.ts';
import { isPid } from '../actors/pid.ts';
import type { Name, Pid } from '../actors/pid.ts';
import { processNamed } from '../actors/process-table.ts';
import { endProcess } from '../actors/termination.ts';
import {
  badPhase,
  forget,
  isApplication,
  PHASE_FORM,
  loadedSpec,
  replaceEnv,
} from './loaded-applications.ts';
import type { ApplicationSpec, Environment } from './loaded-applications.ts';
import { ApplicationWatch, running, tryTo } from './running-applications.ts';
import type { StartType } from './running-applications.ts';

export {
  getAllEnv,
  getEnv,
  load,
  loadedApplications,
  setEnv,
  unsetEnv,
} from './loaded-applications.ts';
export { setNodeStopper } from './running-applications.ts';
export type { NodeStopper, StartType } from './running-applications.ts';

type Answer = 'ok' | readonly ['error', ExitReason];

/** Those whose start is not over, with what it will be answered. */
const starting = new Map<Name, Promise<Answer>>();

const TYPES: readonly unknown[] = ['permanent', 'transient', 'temporary'];

/**
 * Starts an application, by name when it is loaded: the tree, then its start phases. Who asks while
 * it is being started gets the answer of that start. Errors: `['not_loaded', name]`,
 * `['already_started', name]`, `['not_started', name]` for a missing dependency,
 * `['bad_start_phase', phase, expected]`, `['invalid_restart_type', type]`, `['bad_application', app]` for what is neither a specification
 * nor a name, or why the tree or a phase failed.
 */
export async function start(
  app: ApplicationSpec | Name,
  type: StartType = 'temporary',
): Promise<Answer> {
  if (!TYPES.includes(type)) return ['error', ['invalid_restart_type', type]];
  if (!isApplication(app)) return ['error', ['bad_application', app]];
  const name = nameOf(app);
  const begun = starting.get(name);
  if (begun !== undefined) return begun;
  const answer = startNow(app, name, type);
  starting.set(name, answer);
  try {
    return await answer;
  } finally {
    starting.delete(name);
  }
}

async function startNow(app: ApplicationSpec | Name, name: Name, type: StartType): Promise<Answer> {
  if (processNamed(masterName(name)) !== undefined) return ['error', ['already_started', name]];
  const spec = loadedSpec(app);
  if (spec === undefined) return ['error', ['not_loaded', name]];
  const bad = badPhase(spec);
  if (bad !== undefined) return ['error', ['bad_start_phase', bad[0], PHASE_FORM]];
  const missing = spec.applications?.find(other => !running.has(other));
  if (missing !== undefined) return ['error', ['not_started', missing]];
  const result = await startServer(
    master,
    { spec, type },
    {
      name: masterName(name),
      trapExit: true,
      label: `application ${name}`,
    },
  );
  return result[0] === 'ok' ? 'ok' : ['error', result[1]];
}

/** As {@link start}, but one that runs already is no error. */
export async function ensureStarted(
  app: ApplicationSpec | Name,
  type: StartType = 'temporary',
): Promise<Answer> {
  return isApplication(app) && running.has(nameOf(app)) ? 'ok' : start(app, type);
}

/**
 * Starts applications and, before each, those that it names as its dependencies, which must be
 * loaded. The names of those that were started, in order. When one fails the started ones are
 * stopped again: `['error', [name, reason]]`.
 */
export async function ensureAllStarted(
  apps: ApplicationSpec | Name | readonly (ApplicationSpec | Name)[],
  type: StartType = 'temporary',
): Promise<readonly ['ok', Name[]] | readonly ['error', readonly [Name, ExitReason]]> {
  const list = Array.isArray(apps) ? (apps as readonly (ApplicationSpec | Name)[]) : [apps as Name];
  const bad = list.findIndex(app => !isApplication(app));
  if (bad !== -1) return ['error', ['bad_application', list[bad]]];
  // What is handed over can be a dependency of what comes before it.
  for (const app of list) if (!running.has(nameOf(app))) loadedSpec(app);
  const started: Name[] = [];
  for (const app of list) {
    const failure = await startWithDependencies(nameOf(app), type, started, []);
    if (failure === undefined) continue;
    for (const name of started.reverse()) await stop(name);
    return ['error', failure];
  }
  return ['ok', started];
}

/** @returns which one failed and why */
async function startWithDependencies(
  name: Name,
  type: StartType,
  started: Name[],
  above: readonly Name[],
): Promise<readonly [Name, ExitReason] | undefined> {
  if (running.has(name)) return undefined;
  if (above.includes(name)) return [name, ['circular_dependency', [...above, name]]];
  for (const other of loadedSpec(name)?.applications ?? []) {
    const failure = await startWithDependencies(other, type, started, [...above, name]);
    if (failure !== undefined) return failure;
  }
  const result = await start(name, type);
  if (result !== 'ok') return [name, result[1]];
  started.push(name);
  return undefined;
}

/** Ends an application's tree from the top and waits for it. It stays loaded. */
export async function stop(name: Name): Promise<Answer> {
  // Code that outlived its process gets no further than here.
  selfOrUndefined();
  if (!running.delete(name)) return ['error', ['not_started', name]];
  try {
    await stopServer(masterName(name));
  } catch (thrown) {
    // It came to another end before it had obeyed, and is stopped all the same.
    if (!(thrown instanceof Exit)) throw thrown;
  }
  return 'ok';
}

/** Forgets an application: `['not_loaded', name]` or `['running', name]` else. */
export function unload(name: Name): Answer {
  if (processNamed(masterName(name)) !== undefined) return ['error', ['running', name]];
  return forget(name) ? 'ok' : ['error', ['not_loaded', name]];
}

/** The applications that run, in the order they came up. */
export function whichApplications(): Name[] {
  return [...running.keys()];
}

/**
 * Puts new environments in place, as after a new configuration was read, and tells the running
 * applications whose own has changed. @throws RangeError for an application that is not loaded
 */
export function changeConfig(environments: Readonly<Record<Name, Environment>>): void {
  for (const [name, next] of Object.entries(environments)) {
    const change = replaceEnv(name, next);
    if (change !== undefined) running.get(name)?.spec.configChange?.(...change);
  }
}

function nameOf(app: ApplicationSpec | Name): Name {
  return typeof app === 'string' ? app : app.name;
}

function masterName(name: Name): Name {
  return `application.${name}`;
}

interface Start {
  readonly spec: ApplicationSpec;
  readonly type: StartType;
}

interface State {
  readonly spec: ApplicationSpec;
  readonly watch: ApplicationWatch;
  readonly top: Pid;
  ended: boolean;
}

/** The application master: the parent of the top supervisor. */
const master: GenServer<Start, State> = {
  async init({ spec, type }) {
    const started: unknown = await spec.start();
    if (!Array.isArray(started)) return ['stop', ['bad_return', started]];
    if (started[0] === 'error') return ['stop', started[1]];
    if (started[0] !== 'ok' || !isPid(started[1])) {
      return ['stop', ['bad_return', started[0] === 'ignore' ? 'ignore' : started]];
    }
    const top = started[1];
    const watch = new ApplicationWatch(requireProcess('application'), spec, type, top);
    const failure = await runPhases(spec);
    if (failure !== undefined) {
      await endProcess({ pid: top, shutdown: 'infinity' });
      await watch.runStop();
      return ['stop', failure];
    }
    watch.runs();
    return ['ok', { spec, watch, top, ended: false }] satisfies InitResult<State>;
  },

  handleInfo(message, state) {
    if (message.kind !== 'EXIT' || message.pid !== state.top) return ['noreply', state];
    state.ended = true;
    return ['stop', message.reason, state];
  },

  async terminate(_reason, { spec, watch, top, ended }) {
    if (!ended) {
      await tryTo('prepStop', spec);
      await endProcess({ pid: top, shutdown: 'infinity' });
    }
    await watch.runStop();
  },
};

/** @throws FencedExit once the master was killed: no later phase runs then */
async function runPhases(spec: ApplicationSpec): Promise<ExitReason> {
  for (const phase of spec.startPhases ?? []) {
    let result: unknown;
    try {
      result = await phase.run();
    } catch (thrown) {
      return ['start_phase_failed', phase.name, reasonOf(thrown)];
    }
    if (Array.isArray(result) && result[0] === 'error') {
      return ['start_phase_failed', phase.name, result[1] as unknown];
    }
    requireProcess('a start phase');
  }
  return undefined;
}
