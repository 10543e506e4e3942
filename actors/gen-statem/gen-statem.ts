/**
 * gen-statem: a process with a callback module that is a state machine. Events are handled by the
 * function of the state; those that a state cannot use now are postponed until it changes; timeouts
 * belong to an event, to a state, or to nobody. The names and rules are those of `gen_statem.erl`.
 *
 * `cast`, `stop`, `sendRequest` and its companions are gen-server's: a caller need not know which of
 * the two it asks.
 */
import { requireMethods, requireOptions } from '../bad-argument.ts';
import { moduleToStart } from '../code/module-table.ts';
import { callingProcess } from '../context.ts';
import { isErrorExit } from '../exit.ts';
import { processToEnter } from '../gen-server/enter-loop.ts';
import type { EnterLoopOptions } from '../gen-server/enter-loop.ts';
import { call as callServer, reply as replyTo } from '../gen-server/gen-server.ts';
import type { Address } from '../gen-server/address.ts';
import type { From } from '../gen-server/from.ts';
import { resultOf } from '../gen-server/throw-returns.ts';
import type {
  AnyRequest,
  ReplyOf,
  RequestOfKind,
  StartMonitorResult,
  StartResult,
} from '../gen-server/types.ts';
import { startMonitored, startProcess } from '../proc-lib.ts';
import type { Starter, StartOptions } from '../proc-lib.ts';
import type { Pid } from '../pid.ts';
import type { Dest, ServerPid, StartName, TypedServer, UntypedServer } from '../server-ref.ts';
import { wake } from '../signals.ts';
import type { CreateOptions } from '../spawn.ts';
import { installDebugOptions } from '../sys/debug-command.ts';
import type { TimeLimit } from '../time-limit.ts';
import { listOf } from './actions.ts';
import type { CallbackModule } from './callback-modules.ts';
import { GenStatemLoop } from './loop.ts';
import type { Action, Actions, ReplyAction, StatemModule } from './types.ts';

export type {
  Action,
  Actions,
  CallbackMode,
  CallbackModeResult,
  EnterAction,
  EventType,
  HandleEvent,
  InitResult,
  ReplyAction,
  StateEvent,
  StateFunctions,
  StateResult,
  StatemModule,
  StatemStatus,
  Time,
  TimeoutAction,
  TimeoutOptions,
  TimeoutType,
} from './types.ts';
export { cast, stop } from '../gen-server/gen-server.ts';
export { reqidsAdd, reqidsNew, reqidsSize, reqidsToList } from '../gen-server/request-ids.ts';
export { checkResponse, receiveResponse, waitResponse } from '../gen-server/responses.ts';
export { sendRequest } from '../gen-server/send-request.ts';

/**
 * Starts a machine linked to the calling process (outside of a process: without a link). `init` runs
 * inline, as the new process; then its pid is known, and as its first step, before any message, the
 * machine says its mode, obeys the actions of `init` and enters its state. A failed start is
 * `['error', reason]`: the process is dead, its name free, and no exit signal comes to the starter.
 */
export function startLink<Arg, Call = never, Cast = never>(
  module: StatemModule<Arg, Call, Cast>,
  arg: Arg,
  options: StartOptions = {},
): Promise<StartResult<ServerPid<Call, Cast>>> {
  return startMachine(module, arg, { ...options, link: true });
}

/** As {@link startLink}, without the link. */
export function start<Arg, Call = never, Cast = never>(
  module: StatemModule<Arg, Call, Cast>,
  arg: Arg,
  options: StartOptions = {},
): Promise<StartResult<ServerPid<Call, Cast>>> {
  return startMachine(module, arg, options);
}

/**
 * As {@link start}, with a monitor of the calling process on the machine from before its first step:
 * `['ok', [pid, ref]]`. A failed start leaves no monitor and no DOWN.
 */
export function startMonitor<Arg, Call = never, Cast = never>(
  module: StatemModule<Arg, Call, Cast>,
  arg: Arg,
  options: StartOptions = {},
): Promise<StartMonitorResult<ServerPid<Call, Cast>>> {
  return startMonitored(options, starterOf(module, arg, options));
}

/**
 * Makes the calling process, which must be a bare one (`spawn`, `procLib.start`), a machine of the
 * module in that state; `init` does not run. JavaScript cannot leave the caller's function for good:
 * so this returns, and should be the last that the function does; then the state is entered.
 *
 * @param serverOrActions the name that it is registered under already, or its own pid, or actions
 *   (a list) as from `init`
 * @throws TypeError outside of a bare process
 * @throws Exit `'process_not_registered'` when it has not that name
 */
export function enterLoop(
  module: StatemModule<never, unknown, unknown>,
  options: EnterLoopOptions,
  state: unknown,
  data: unknown,
  serverOrActions?: StartName | Pid | readonly Action[],
  actions?: Actions,
): void {
  requireMethods('enterLoop()', module, ['callbackMode']);
  requireOptions('enterLoop()', options);
  const isList = Array.isArray(serverOrActions) && serverOrActions[0] !== 'via';
  const process = processToEnter(isList ? undefined : (serverOrActions as StartName | Pid));
  const loop = new GenStatemLoop(moduleToStart(module, process.codeKey), process);
  installDebugOptions(process, options.debug ?? []);
  loop.begin(['ok', state, data, isList ? serverOrActions : actions]);
  process.behaviour = loop;
  // Called after an `await` that no handler waits for, it finds the process at rest.
  if (process.phase === 'idle') wake(process);
}

function startMachine<P extends Pid>(
  module: object,
  arg: unknown,
  options: StartOptions & CreateOptions,
): Promise<StartResult<P>> {
  return startProcess<P>(options, starterOf(module, arg, options));
}

function starterOf(module: object, arg: unknown, options: CreateOptions): Starter {
  requireMethods('start()', module, ['callbackMode', 'init']);
  requireOptions('start()', options);
  const callbacks = moduleToStart(module, options.codeKey) as Named;
  return {
    // In state_functions mode a state may be called name.
    label: typeof callbacks.name === 'string' ? callbacks.name : (callbacks.init?.name ?? ''),
    behave: process => new GenStatemLoop(callbacks, process).starts(arg),
    init: () => resultOf(() => callbacks.init?.(arg)),
    // An error without its stack, as OTP's gen_statem says it and its gen_server does not.
    told: reason => (isErrorExit(reason) ? reason.reason : reason),
  };
}

type Named = CallbackModule & { readonly name?: unknown };

/**
 * Asks a machine and waits for its reply, without end where no time is given. The caller exits as
 * that of a gen-server does; see `call` there.
 */
export function call<Call extends AnyRequest, Kind extends Call['kind']>(
  machine: TypedServer<Call, unknown>,
  request: RequestOfKind<Call, Kind> & { readonly kind: Kind },
  timeout?: CallTimeout,
): Promise<ReplyOf<RequestOfKind<Call, Kind>>>;
export function call(
  machine: UntypedServer,
  request: AnyRequest,
  timeout?: CallTimeout,
): Promise<unknown>;
export function call(
  machine: Dest,
  request: AnyRequest,
  timeout: CallTimeout = Infinity,
): Promise<unknown> {
  return callServer(machine as UntypedServer, request, millisecondsOf(timeout));
}

/** Milliseconds. OTP tells clean from dirty ones by late replies; here no late reply ever comes. */
export type CallTimeout = TimeLimit | readonly ['clean_timeout' | 'dirty_timeout', TimeLimit];

function millisecondsOf(timeout: CallTimeout): number {
  const time = Array.isArray(timeout) ? (timeout as readonly unknown[])[1] : timeout;
  const tag = Array.isArray(timeout) ? (timeout as readonly unknown[])[0] : 'clean_timeout';
  if (tag === 'clean_timeout' || tag === 'dirty_timeout') {
    if (time === 'infinity') return Infinity;
    if (typeof time === 'number' && time >= 0) return time;
  }
  throw new TypeError(
    'call() expects a timeout in milliseconds of 0 or more, or Infinity, alone or in a tuple with ' +
      "'clean_timeout' or 'dirty_timeout'",
  );
}

/**
 * Answers a call, from any process of any isolate, once: the caller and the value, or reply actions.
 * A `[pid, tag]` in place of a caller gets the message `[tag, value]`.
 * @throws TypeError when the caller is in another isolate and the value cannot cross
 */
export function reply<Reply>(from: From<Reply> | Address, value: Reply): void;
export function reply(replies: ReplyAction | readonly ReplyAction[]): void;
export function reply(
  fromOrReplies: From | Address | ReplyAction | readonly ReplyAction[],
  ...value: readonly unknown[]
): void {
  callingProcess();
  if (value.length > 0) {
    replyTo(fromOrReplies as From, value[0]);
    return;
  }
  for (const action of listOf(fromOrReplies)) {
    const [tag, from, answer] = Array.isArray(action) ? (action as unknown[]) : [];
    if (tag !== 'reply') {
      throw new TypeError(
        "reply() expects a caller and a value, or actions ['reply', from, value]",
      );
    }
    replyTo(from as From, answer);
  }
}
