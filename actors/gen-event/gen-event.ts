/**
 * gen-event: a process with any number of handlers, each of which gets every event. The names,
 * rules and answers are those of `gen_event.erl` (OTP 27).
 *
 * A handler is a callback module, or `[module, id]` where several of one are installed. One that
 * throws, or returns nonsense, is removed and reported; the manager and the other handlers go on.
 */
import { badArgument, requireOptions, shown } from '../bad-argument.ts';
import { requireProcess } from '../context.ts';
import { Exit } from '../exit.ts';
import { call as callServer, cast, DEFAULT_CALL_TIMEOUT_MS } from '../gen-server/gen-server.ts';
import type {
  AnyRequest,
  ReplyOf,
  RequestOfKind,
  StartMonitorResult,
  StartResult,
} from '../gen-server/types.ts';
import { whereis } from '../names.ts';
import type { Pid } from '../pid.ts';
import type { StartOptions } from '../proc-lib.ts';
import type { Dest } from '../server-ref.ts';
import type { TimeLimit } from '../time-limit.ts';
import type { EventRequest } from './requests.ts';
import { startManager, startManagerMonitored } from './start.ts';
import type { Handler, NewHandler } from './types.ts';

export { stop } from '../gen-server/gen-server.ts';
export { reqidsAdd, reqidsNew, reqidsSize, reqidsToList } from '../gen-server/request-ids.ts';
export { checkResponse, receiveResponse, sendRequest, waitResponse } from './responses.ts';
export type { CollectedHandlerResponse, HandlerResponse } from './responses.ts';

/** A manager traps exits, always. */
export type EventManagerOptions = Omit<StartOptions, 'trapExit' | 'timeoutMs'>;

/** Starts an event manager without handlers, linked to the calling process. */
export function startLink(options: EventManagerOptions = {}): Promise<StartResult> {
  requireOptions('genEvent.startLink()', options);
  return startManager({ ...options, link: true });
}

/** As {@link startLink}, without the link. */
export function start(options: EventManagerOptions = {}): Promise<StartResult> {
  requireOptions('genEvent.start()', options);
  return startManager(options);
}

/** As {@link start}, monitored by the calling process: `['ok', [pid, ref]]`. */
export function startMonitor(options: EventManagerOptions = {}): Promise<StartMonitorResult> {
  requireOptions('genEvent.startMonitor()', options);
  return startManagerMonitored(options);
}

/**
 * Sends the event to every handler (`handleEvent`) and goes on. Nobody there: nothing happens, but
 * for a plain name that nobody has.
 * @throws TypeError for a name that nobody has, as Erlang's badarg
 */
export function notify(manager: Dest, event: unknown): 'ok' {
  if (typeof manager === 'string' && whereis(manager) === undefined) {
    throw new TypeError(`genEvent.notify(): no process is registered as "${manager}"`);
  }
  cast(manager, { kind: 'notify', event });
  return 'ok';
}

/** As {@link notify}; resolves when all handlers have handled the event. */
export async function syncNotify(manager: Dest, event: unknown): Promise<'ok'> {
  await ask(manager, { kind: 'sync_notify', event });
  return 'ok';
}

/** A handler that is asked: from its module the types of requests and replies are known. */
type CallHandler<Call> = AnswersCalls<Call> | readonly [module: AnswersCalls<Call>, id: unknown];

interface AnswersCalls<Call> {
  handleCall?(request: Call, state: never): unknown;
}

/**
 * Asks one handler (`handleCall`). `['error', 'bad_module']` when it is not installed;
 * `['error', ['EXIT', reason]]` or `['error', result]` when it crashed or returned nonsense, and
 * was removed. Exits as a server's `call` when the manager does not answer within the time.
 */
export function call<Call extends AnyRequest, Kind extends Call['kind']>(
  manager: Dest,
  handler: CallHandler<Call>,
  request: RequestOfKind<Call, Kind> & { readonly kind: Kind },
  timeout?: TimeLimit,
): Promise<ReplyOf<RequestOfKind<Call, Kind>> | readonly ['error', unknown]>;
export function call(
  manager: Dest,
  handler: Handler,
  request: unknown,
  timeout?: TimeLimit,
): Promise<unknown>;
export function call(
  manager: Dest,
  handler: Handler,
  request: unknown,
  timeout: TimeLimit = DEFAULT_CALL_TIMEOUT_MS,
): Promise<unknown> {
  return callServer(untyped(manager), { kind: 'call', handler, request } as AnyRequest, timeout);
}

/**
 * Installs a handler ahead of the others: `'ok'`, or what its `init` returned or threw
 * (`['EXIT', reason]`) instead.
 * @throws (rejects) TypeError for what is no module, or is to go to another isolate
 */
export function addHandler<Arg>(
  manager: Dest,
  handler: NewHandler<Arg>,
  arg: NoInfer<Arg>,
): Promise<unknown> {
  return add(manager, handler, arg, undefined);
}

/**
 * As {@link addHandler}, and the caller and the handler are tied: the caller gets
 * {@link GenEventExitMessage} when the handler goes, and when the caller dies the handler goes.
 */
export async function addSupHandler<Arg>(
  manager: Dest,
  handler: NewHandler<Arg>,
  arg: NoInfer<Arg>,
): Promise<unknown> {
  return add(manager, handler, arg, requireProcess('genEvent.addSupHandler()').pid);
}

async function add(
  manager: Dest,
  handler: unknown,
  arg: unknown,
  supervisor: Pid | undefined,
): Promise<unknown> {
  requireModule(handler);
  return ask(manager, { kind: 'add_handler', handler, arg, supervisor });
}

/** Removes a handler: what its `terminate(arg, state)` returned; `['error', 'module_not_found']`. */
export function deleteHandler(manager: Dest, handler: Handler, arg: unknown): Promise<unknown> {
  return ask(manager, { kind: 'delete_handler', handler, arg });
}

/**
 * Puts one handler in place of another: its `init` gets `[newArg, what the old one's terminate
 * returned]`, with `'error'` when the old one was not installed.
 */
export function swapHandler(
  manager: Dest,
  old: readonly [handler: Handler, arg: unknown],
  next: readonly [handler: NewHandler, arg: unknown],
): Promise<unknown> {
  return swap(manager, old, next, undefined);
}

/** As {@link swapHandler}, and the new handler is tied to the caller. */
export async function swapSupHandler(
  manager: Dest,
  old: readonly [handler: Handler, arg: unknown],
  next: readonly [handler: NewHandler, arg: unknown],
): Promise<unknown> {
  return swap(manager, old, next, requireProcess('genEvent.swapSupHandler()').pid);
}

async function swap(
  manager: Dest,
  old: readonly [Handler, unknown],
  taking: readonly [unknown, unknown],
  supervisor: Pid | undefined,
): Promise<unknown> {
  const [handler, arg] = handlerWithArg(old);
  const [next, nextArg] = handlerWithArg(taking);
  requireModule(next);
  return ask(manager, { kind: 'swap_handler', handler, arg, next, nextArg, supervisor });
}

function handlerWithArg<Named>(pair: readonly [Named, unknown]): readonly [Named, unknown] {
  const given: unknown = pair;
  if (Array.isArray(given) && given.length === 2) return pair;
  throw badArgument('genEvent.swapHandler()', 'twice [handler, argument]', pair);
}

function requireModule(handler: unknown): void {
  const module: unknown = Array.isArray(handler) ? handler[0] : handler;
  if (typeof module === 'object' && module !== null) return;
  throw new TypeError(`expected a callback module, or [module, id], got ${shown(module)}`);
}

/** The handlers, the newest first, as they were named when they were added. */
export function whichHandlers(manager: Dest): Promise<readonly Handler[]> {
  return ask(manager, { kind: 'which_handlers' }) as Promise<readonly Handler[]>;
}

/** The handlers' modules, each once: for code upgrades. */
export function getModules(manager: Dest): Promise<readonly object[]> {
  return ask(manager, { kind: 'get_modules' }) as Promise<readonly object[]>;
}

/** Without end, and who is not there is the bare reason: `gen_event.erl`, `rpc/2`. */
async function ask(manager: Dest, request: EventRequest): Promise<unknown> {
  try {
    return await callServer(untyped(manager), request as AnyRequest, Infinity);
  } catch (thrown) {
    if (thrown instanceof Exit && Array.isArray(thrown.reason)) {
      throw new Exit((thrown.reason as readonly unknown[])[0]);
    }
    throw thrown;
  }
}

function untyped(manager: Dest): Pid {
  return manager as Pid;
}
