/**
 * gen-server: a process with a callback module, calls that are answered, and an orderly end.
 * The names and rules are those of `gen_server.erl`.
 */
import { isDeepStrictEqual } from 'node:util';
import { badArgument, requireOptions } from '../bad-argument.ts';
import { callingProcess } from '../context.ts';
import { keepAnswer } from '../crash-keeper.ts';
import { moduleToStart } from '../code/module-table.ts';
import { Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { answerTo, isAddress } from './address.ts';
import type { Address } from './address.ts';
import { GenServerLoop } from './loop.ts';
import type { CallbackModule } from './loop.ts';
import { CallMessage, CastMessage } from './messages.ts';
import type {
  AnyRequest,
  GenServer,
  ReplyOf,
  RequestOfKind,
  StartMonitorResult,
  StartResult,
} from './types.ts';
import type { From } from './from.ts';
import { callElsewhere } from '../isolates/call-elsewhere.ts';
import { pack, sendRemote } from '../isolates/outgoing.ts';
import type { Packed } from '../isolates/outgoing.ts';
import { RemoteFrom } from '../isolates/remote-from.ts';
import { ops } from '../isolates/signal.ts';
import { thisIsolate } from '../pid.ts';
import type { Pid } from '../pid.ts';
import { processAt } from '../process-table.ts';
import { startMonitored, startProcess } from '../proc-lib.ts';
import type { Starter, StartOptions } from '../proc-lib.ts';
import type { Process } from '../process.ts';
import { ReplySlot } from './reply-slot.ts';
import type { CallDescription } from './reply-slot.ts';
import { kindOf } from '../kind-of.ts';
import { isolateAt } from '../server-ref.ts';
import type { Dest, ServerPid, TypedServer, UntypedServer } from '../server-ref.ts';
import { deliver } from '../signals.ts';
import type { CreateOptions } from '../spawn.ts';
import { systemCall } from '../sys/system-call.ts';
import { rejecting } from '../thenable.ts';
import { millisecondsOf } from '../time-limit.ts';
import type { TimeLimit } from '../time-limit.ts';
import { resultOf } from './throw-returns.ts';

export const DEFAULT_CALL_TIMEOUT_MS = 5_000;

/**
 * Starts a server linked to the calling process (outside of a process: without a link).
 * `init` runs inline, as the new process; the promise is settled already when `init` returned a
 * plain value. A failed start is `['error', reason]`: the process is dead, its name free, and no
 * exit signal comes to the starter.
 */
export function startLink<
  Arg,
  State,
  Call extends AnyRequest = never,
  Cast = never,
  Info = never,
  Continue = never,
>(
  module: GenServer<Arg, State, Call, Cast, Info, Continue>,
  arg: Arg,
  options: StartOptions = {},
): Promise<StartResult<ServerPid<Call, Cast>>> {
  requireOptions('startLink()', options);
  return startServer(module, arg, { ...options, link: true });
}

/** As {@link startLink}, without the link. */
export function start<
  Arg,
  State,
  Call extends AnyRequest = never,
  Cast = never,
  Info = never,
  Continue = never,
>(
  module: GenServer<Arg, State, Call, Cast, Info, Continue>,
  arg: Arg,
  options: StartOptions = {},
): Promise<StartResult<ServerPid<Call, Cast>>> {
  return startServer(module, arg, options);
}

/**
 * As {@link start}, with a monitor of the calling process on the server from before its first
 * message: `['ok', [pid, ref]]`. A failed start leaves no monitor and no DOWN.
 */
export function startMonitor<
  Arg,
  State,
  Call extends AnyRequest = never,
  Cast = never,
  Info = never,
  Continue = never,
>(
  module: GenServer<Arg, State, Call, Cast, Info, Continue>,
  arg: Arg,
  options: StartOptions = {},
): Promise<StartMonitorResult<ServerPid<Call, Cast>>> {
  return startMonitored(options, starterOf(module, arg, options));
}

function startServer<P extends Pid>(
  module: object,
  arg: unknown,
  options: StartOptions & CreateOptions,
): Promise<StartResult<P>> {
  return startProcess<P>(options, starterOf(module, arg, options));
}

/** @throws TypeError for what is no callback module */
export function requireModule(what: string, module: unknown): asserts module is object {
  if (typeof module === 'object' && module !== null) return;
  throw badArgument(what, 'a callback module', module);
}

function starterOf(module: unknown, arg: unknown, options: CreateOptions): Starter {
  requireModule('start()', module);
  requireOptions('start()', options);
  const { codeKey } = options;
  const callbacks = moduleToStart(module, codeKey) as CallbackModule;
  const label = callbacks.name ?? callbacks.init?.name ?? 'gen_server';
  return {
    label,
    behave: process => new GenServerLoop(callbacks, process).starts(arg),
    init() {
      if (callbacks.init === undefined) throw new Exit(['undef', [label, 'init', 1]]);
      return resultOf(() => callbacks.init?.(arg));
    },
  };
}

/**
 * Asks a server and waits for its reply. When none comes the caller *exits*, as in OTP: the promise
 * rejects with an {@link Exit} whose reason is `[why, ['call', server, kind, timeoutMs]]`, where
 * `why` is `'timeout'`, `'noproc'`, `'calling_self'`, `'noconnection'`, or the server's exit reason.
 * What is no server, and a request to another isolate that is no plain data: a TypeError. It never throws
 * at once.
 * A timeout of 0 asks and does not wait. Works from outside of any process too; then a server at its mailbox limit refuses (`'mailbox_full'`).
 */
export function call<Call extends AnyRequest, Kind extends Call['kind']>(
  server: TypedServer<Call, unknown>,
  request: RequestOfKind<Call, Kind> & { readonly kind: Kind },
  timeout?: TimeLimit,
): Promise<ReplyOf<RequestOfKind<Call, Kind>>>;
export function call(
  server: UntypedServer,
  request: AnyRequest,
  timeout?: TimeLimit,
): Promise<unknown>;
export function call(
  server: Dest,
  request: AnyRequest,
  timeout: TimeLimit = DEFAULT_CALL_TIMEOUT_MS,
): Promise<unknown> {
  const caller = callingProcess();
  const timeoutMs = millisecondsOf(timeout);
  const description: CallDescription = ['call', server, kindOf(request), timeoutMs];
  const answer = rejecting(() => ask(caller, server, request, description, timeoutMs));
  return keepAnswer(caller, description, answer);
}

function ask(
  caller: Process | undefined,
  server: Dest,
  request: AnyRequest,
  description: CallDescription,
  timeoutMs: number,
): Promise<unknown> {
  const target = processAt(server);
  if (target === undefined) {
    return callElsewhere(ops.call, server, request, packCall, description, timeoutMs);
  }
  if (target === caller) return Promise.reject(new Exit(['calling_self', description]));
  if (caller === undefined && target.mailbox.length >= target.mailboxLimit) {
    return Promise.reject(new Exit(['mailbox_full', description]));
  }
  return new Promise((resolve, reject) => {
    const from = new ReplySlot(caller, target, description, timeoutMs, resolve, reject);
    deliver(target, new CallMessage(request, from));
    if (timeoutMs === 0) from.fail('timeout');
  });
}

const packCall = (request: AnyRequest): Packed => pack(request, 'call()');

/** Sends a server a message that is not answered. To a dead or unknown server: silently nothing. */
export function cast<Cast>(
  server: TypedServer<unknown, Cast> | UntypedServer,
  message: NoInfer<Cast>,
): void {
  callingProcess();
  const target = processAt(server);
  if (target !== undefined) deliver(target, new CastMessage(message));
  else if (isolateAt(server) !== thisIsolate()) sendRemote(ops.cast, server, message, 'cast()');
}

/**
 * Answers a call whose `handleCall` returned `noreply`; from any process of any isolate, once.
 * @throws TypeError when the caller is in another isolate and the value cannot cross
 */
export function reply<Reply>(from: From<Reply> | Address, value: Reply): void {
  callingProcess();
  if (from instanceof ReplySlot || from instanceof RemoteFrom) from.settle(value);
  else if (isAddress(from)) answerTo(from, value);
  else throw badArgument('reply()', 'the from that handleCall was given, or [pid, tag]', from);
}

/**
 * Ends a server with the reason and waits until it is dead: `proc_lib.erl`, `stop/3`. Rejects with an
 * {@link Exit} whose reason is bare: the one that it ended with when that was another, `'noproc'`,
 * or `'timeout'` (then it goes on ending). Only `'calling_self'` says what was called, as in OTP.
 */
export async function stop(
  server: Dest,
  reason: ExitReason = 'normal',
  timeout: TimeLimit = Infinity,
): Promise<void> {
  try {
    await systemCall(server, { kind: 'stop', reason }, timeout);
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    // A request to end is answered by the end itself.
    const [why] = thrown.reason as readonly unknown[];
    if (why === 'calling_self') throw thrown;
    if (!isDeepStrictEqual(why, reason)) throw new Exit(why);
  }
}
