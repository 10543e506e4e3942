/** The process of a supervisor: a gen-server that traps exits and hands everything to its children. */
import { Exit } from '../actors/exit.ts';
import type { ExitReason } from '../actors/exit.ts';
import type { From } from '../actors/gen-server/from.ts';
import type { Eventually, GenServer, StartResult } from '../actors/gen-server/types.ts';
import type { CallResult, CastResult, InitResult } from '../actors/gen-server/types.ts';
import { startLink } from '../actors/gen-server/gen-server.ts';
import { GenServerLoop } from '../actors/gen-server/loop.ts';
import { showElsewhere } from '../actors/isolates/remote-from.ts';
import { isExit } from '../actors/parent-exit.ts';
import { log } from '../actors/logger.ts';
import type { Pid } from '../actors/pid.ts';
import { processOf } from '../actors/process-table.ts';
import type { StartName } from '../actors/server-ref.ts';
import { selfOrUndefined } from '../actors/context.ts';
import type { Children, Outcome, SupervisorCall, SupervisorReply, TryAgain } from './children.ts';
import type { LookPage, SupervisorLook } from './look.ts';

/** A supervisor's kind: how it begins, and how it takes over a new version of its module. */
export interface SupervisorKind {
  /** Named in reports. */
  readonly label: string;
  begin(): Eventually<InitResult<Children>>;
  upgrade(children: Children, module: object): 'ok' | readonly ['error', ExitReason];
  /** Its callback module, where it has one of its own. */
  module?: object;
}

export function startSupervisor(
  kind: SupervisorKind,
  name: StartName | undefined,
): Promise<StartResult> {
  return startLink(server, kind, {
    ...(name === undefined ? {} : { name }),
    trapExit: true,
    // What comes in is bounded already: EXITs by the children, calls by the callers that wait.
    mailboxLimit: Infinity,
    label: kind.label,
  });
}

/** What can be seen of the supervisor with this pid, in this isolate; undefined when there is none. */
export function lookAtSupervisor(pid: Pid, page: LookPage): SupervisorLook | undefined {
  const loop = processOf(pid)?.behaviour;
  if (!(loop instanceof GenServerLoop) || loop.module !== server) return undefined;
  return isState(loop.state) ? loop.state.children.look(page) : undefined;
}

interface State {
  readonly kind: SupervisorKind;
  readonly children: Children;
}

/**
 * One that starts its first children has no state yet; and `sys.replaceState` may have put in anything, of which the
 * supervisor will die, but nobody who looks at it.
 */
function isState(given: unknown): given is State {
  const { kind, children } = (given ?? {}) as Partial<State>;
  return typeof kind?.upgrade === 'function' && typeof children?.look === 'function';
}

interface Server extends GenServer<SupervisorKind, State, SupervisorCall, TryAgain, unknown> {
  changeModule(
    module: object,
    oldVersion: unknown,
    state: unknown,
  ): readonly ['ok', State] | readonly ['error', ExitReason];
  modulesOf(state: unknown): readonly object[];
  checkpointOf(state: unknown): () => void;
}

const server: Server = {
  init(kind) {
    const begun = kind.begin();
    const finish = (result: InitResult<Children>): InitResult<State> =>
      result !== 'ignore' && result[0] === 'ok' ? ['ok', { kind, children: result[1] }] : result;
    return begun instanceof Promise ? begun.then(finish) : finish(begun);
  },

  handleCall(request, from, state) {
    if (!REQUESTS.has(request.kind)) throw unexpected('handleCall', request.kind);
    const answer = state.children.answer(request);
    return answer instanceof Promise
      ? answer.then(reply => replied(reply, from, state))
      : replied(answer, from, state);
  },

  handleCast(message, state) {
    if ((message as Partial<TryAgain> | undefined)?.kind !== 'tryAgain') {
      throw unexpected('handleCast', message);
    }
    return next(state.children.tryAgain(message.key), state);
  },

  handleInfo(message: unknown, state) {
    if (isExit(message)) return next(state.children.exited(message.pid, message.reason), state);
    log(
      'error',
      { kind: 'message', text: 'a supervisor received an unexpected message' },
      selfOrUndefined(),
    );
    return ['noreply', state];
  },

  terminate: (_reason, state) => state.children.endAll(),

  changeModule(module, _oldVersion, given) {
    const state = given as State;
    const upgraded = state.kind.upgrade(state.children, module);
    return upgraded === 'ok' ? ['ok', state] : upgraded;
  },

  modulesOf: given => {
    const module = isState(given) ? given.kind.module : undefined;
    return module === undefined ? [] : [module];
  },

  checkpointOf(given) {
    const { kind, children } = given as State;
    const { module } = kind;
    const putBack = children.checkpoint();
    return () => {
      if (module !== undefined) kind.module = module;
      putBack();
    };
  },

  formatStatus: ({ state: { kind, children } }) => ({
    state: { callback: kind.module, ...children.look({ offset: 0, limit: 0 }) },
  }),
};

const REQUESTS: ReadonlySet<string> = new Set<SupervisorCall['kind']>([
  'startChild',
  'restartChild',
  'deleteChild',
  'terminateChild',
  'getChildspec',
  'whichChild',
  'whichChildren',
  'countChildren',
]);

/** No clause of `supervisor.erl` takes it: the supervisor and its children end, and the caller. */
function unexpected(callback: string, what: unknown): Exit {
  return new Exit(['function_clause', ['supervisor', callback, what]]);
}

/** Specifications hold functions: a caller in another isolate gets a description of them. */
function replied(
  reply: SupervisorReply,
  from: From<SupervisorReply>,
  state: State,
): CallResult<SupervisorReply, State> {
  return showElsewhere(from, reply) ? ['noreply', state] : ['reply', reply, state];
}

function next(outcome: Eventually<Outcome>, state: State): Eventually<CastResult<State>> {
  const finish = (how: Outcome): CastResult<State> =>
    how === 'shutdown' ? ['stop', 'shutdown', state] : ['noreply', state];
  return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
}
