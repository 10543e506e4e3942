/**
 * application: a supervision tree with a name, a beginning and an end.
 *
 * `start` brings the tree up, then runs the start phases in order; the tree's end means what the
 * type says that it was started with. See OTP's `application` and `application_master`.
 */
import { self } from '../actors/context.ts';
import { describeReason, isOrderly, reasonOf } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import type { GenServer, InitResult } from '../actors/gen-server/types.ts';
import { start as startServer, stop as stopServer } from '../actors/gen-server/gen-server.ts';
import { log } from '../actors/logger.ts';
import { isPid } from '../actors/pid.ts';
import type { Name, Pid } from '../actors/pid.ts';
import { processNamed } from '../actors/process-table.ts';
import { endProcess } from '../actors/termination.ts';
import { forget, isApplication, loadedSpec, replaceEnv } from './loaded-applications.ts';
import type { ApplicationSpec, Environment } from './loaded-applications.ts';

export {
  getAllEnv,
  getEnv,
  load,
  loadedApplications,
  setEnv,
  unsetEnv,
} from './loaded-applications.ts';

/**
 * What the end of the tree means. `permanent`: any end of it stops the node; `transient`: any but
 * `normal`; `temporary`: it is logged.
 */
export type StartType = 'permanent' | 'transient' | 'temporary';

type Answer = 'ok' | readonly ['error', ExitReason];

/** Ends the node because an application that it needs has ended. */
export type NodeStopper = (application: Name, reason: ExitReason) => void;

let stopNode: NodeStopper = () => process.exit(1);

/** Puts another way to end the node in place (default: exit code 1) and returns the old one. */
export function setNodeStopper(replacement: NodeStopper): NodeStopper {
  const old = stopNode;
  stopNode = replacement;
  return old;
}

const running = new Map<Name, ApplicationSpec>();
/** Those whose start is not over, with what it will be answered. */
const starting = new Map<Name, Promise<Answer>>();

const TYPES: readonly unknown[] = ['permanent', 'transient', 'temporary'];

/**
 * Starts an application, by name when it is loaded: the tree, then its start phases. Who asks while
 * it is being started gets the answer of that start. Errors: `['not_loaded', name]`,
 * `['already_started', name]`, `['not_started', name]` for a missing dependency,
 * `['invalid_restart_type', type]`, `['bad_application', app]` for what is neither a specification
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
  if (!running.has(name)) return ['error', ['not_started', name]];
  await stopServer(masterName(name));
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
    if (change !== undefined) running.get(name)?.configChange?.(...change);
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

interface State extends Start {
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
    const failure = await runPhases(spec);
    if (failure !== undefined) {
      await endProcess({ pid: top, shutdown: 'infinity' });
      await tryTo('stop', spec);
      return ['stop', failure];
    }
    running.set(spec.name, spec);
    return ['ok', { spec, type, top, ended: false }] satisfies InitResult<State>;
  },

  handleInfo(message, state) {
    if (message.kind !== 'EXIT' || message.pid !== state.top) return ['noreply', state];
    state.ended = true;
    return ['stop', message.reason, state];
  },

  async terminate(reason, { spec, type, top, ended }) {
    running.delete(spec.name);
    if (!ended) {
      await tryTo('prepStop', spec);
      await endProcess({ pid: top, shutdown: 'infinity' });
    }
    await tryTo('stop', spec);
    if (ended) judge(spec.name, type, reason);
  },
};

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
  }
  return undefined;
}

/** One that fails is told of and holds nothing up, as `application_master` catches them. */
async function tryTo(callback: 'prepStop' | 'stop', spec: ApplicationSpec): Promise<void> {
  try {
    await spec[callback]?.();
  } catch (thrown) {
    const text = `application ${spec.name}: ${callback} failed: ${describeReason(reasonOf(thrown))}`;
    log('error', { kind: 'message', text }, self());
  }
}

/** The tree ended by itself. */
function judge(name: Name, type: StartType, reason: ExitReason): void {
  const fatal = type === 'permanent' || (type === 'transient' && reason !== 'normal');
  const text = `application ${name} ended: ${describeReason(reason)}`;
  log(fatal || !isOrderly(reason) ? 'error' : 'notice', { kind: 'message', text, type }, undefined);
  if (fatal) stopNode(name, reason);
}
