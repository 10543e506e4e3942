/**
 * application: a supervision tree with a name, a beginning and an end.
 *
 * `start` brings the tree up, then runs the start phases in order; the tree's end means what the
 * application's restart type says. See OTP's `application` and `application_master`.
 */
import { describeReason, isOrderly } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import type { Eventually, GenServer, InitResult, StartResult } from '../actors/gen-server/types.ts';
import { start as startServer, stop as stopServer } from '../actors/gen-server/gen-server.ts';
import { log } from '../actors/logger.ts';
import type { Name, Pid } from '../actors/pid.ts';
import { processNamed } from '../actors/process-table.ts';
import { endProcess } from '../actors/termination.ts';

export interface StartPhase {
  readonly name: string;
  /** Anything but a throw or `['error', reason]` is success. */
  run(): Eventually<unknown>;
}

export interface ApplicationSpec {
  readonly name: Name;
  /** Starts the top supervisor, linked to the caller. */
  start(): StartResult | Promise<StartResult>;
  /** Run in order once the whole tree is up; a failing one ends the application again. */
  readonly startPhases?: readonly StartPhase[];
  /** Applications that must have been started before. */
  readonly applications?: readonly Name[];
  /** Runs before the tree is ended by `stop`. */
  prepStop?(): Eventually<void>;
  /** Runs after the tree has ended, however it did. */
  stop?(): Eventually<void>;
  /**
   * `permanent`: any end of the tree stops the node; `transient`: only an abnormal one;
   * `temporary` (default): it is logged.
   */
  readonly type?: 'permanent' | 'transient' | 'temporary';
  readonly env?: Readonly<Record<string, unknown>>;
}

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

/**
 * Starts an application: the tree, then its start phases. Errors: `'already_started'`,
 * `['not_started', name]` for a missing dependency, or why the tree or a phase failed.
 */
export async function start(spec: ApplicationSpec): Promise<'ok' | readonly ['error', ExitReason]> {
  const missing = spec.applications?.find(name => !running.has(name));
  if (missing !== undefined) return ['error', ['not_started', missing]];
  if (processNamed(masterName(spec.name)) !== undefined) return ['error', 'already_started'];
  const result = await startServer(master, spec, {
    name: masterName(spec.name),
    trapExit: true,
    label: `application ${spec.name}`,
  });
  return result[0] === 'ok' ? 'ok' : ['error', result[1]];
}

/** Ends an application's tree from the top and waits for it. */
export async function stop(name: Name): Promise<'ok' | readonly ['error', ExitReason]> {
  if (!running.has(name)) return ['error', ['not_started', name]];
  await stopServer(masterName(name));
  return 'ok';
}

/** The applications that run, in the order they came up. */
export function whichApplications(): Name[] {
  return [...running.keys()];
}

/** A value of a running application's environment. */
export function getEnv(name: Name, key: string): unknown {
  return running.get(name)?.env?.[key];
}

function masterName(name: Name): Name {
  return `application.${name}`;
}

interface State {
  readonly spec: ApplicationSpec;
  readonly top: Pid;
  ended: boolean;
}

/** The application master: the parent of the top supervisor. */
const master: GenServer<ApplicationSpec, State> = {
  async init(spec) {
    const started = await spec.start();
    if (started[0] === 'ignore') return ['stop', ['bad_return', 'ignore']];
    if (started[0] === 'error') return ['stop', started[1]];
    const [, top] = started;
    const failure = await runPhases(spec);
    if (failure !== undefined) {
      await endProcess({ pid: top, shutdown: 'infinity' });
      await spec.stop?.();
      return ['stop', failure];
    }
    running.set(spec.name, spec);
    return ['ok', { spec, top, ended: false }] satisfies InitResult<State>;
  },

  handleInfo(message, state) {
    if (message.kind !== 'EXIT' || message.pid !== state.top) return ['noreply', state];
    state.ended = true;
    return ['stop', message.reason, state];
  },

  async terminate(reason, { spec, top, ended }) {
    running.delete(spec.name);
    if (!ended) {
      await spec.prepStop?.();
      await endProcess({ pid: top, shutdown: 'infinity' });
    }
    await spec.stop?.();
    if (ended) judge(spec, reason);
  },
};

async function runPhases(spec: ApplicationSpec): Promise<ExitReason> {
  for (const phase of spec.startPhases ?? []) {
    const result = await phase.run();
    if (Array.isArray(result) && result[0] === 'error') {
      return ['start_phase_failed', phase.name, result[1] as unknown];
    }
  }
  return undefined;
}

/** The tree ended by itself. */
function judge({ name, type = 'temporary' }: ApplicationSpec, reason: ExitReason): void {
  const fatal = type === 'permanent' || (type === 'transient' && reason !== 'normal');
  const text = `application ${name} ended: ${describeReason(reason)}`;
  log(fatal || !isOrderly(reason) ? 'error' : 'notice', { kind: 'message', text, type }, undefined);
  if (fatal) stopNode(name, reason);
}
