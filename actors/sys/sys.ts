/**
 * sys: what can be asked of any behaviour while it runs. The names are those of `sys.erl`.
 *
 * All of it comes ahead of ordinary messages, and rejects with an Exit as a call does. The default
 * timeout is 5,000 ms; `'infinity'` waits without end. Of a server in another isolate the state and status come with what cannot
 * cross described in text, and what takes code (`replaceState`, `changeCode`) is a TypeError: it has
 * to be called there.
 */
import type { ExitReason } from '../exit.ts';
import type { Dest } from '../server-ref.ts';
import type { DebugAnswer, DebugCommand, FuncSpec, LogFlag } from './debug-command.ts';
import type { TimeLimit } from '../time-limit.ts';
import { systemCall } from './system-call.ts';

export type { DebugFunction, Statistics } from './debug-items.ts';
export type { DebugOption, FuncSpec, LogFlag } from './debug-command.ts';
export type { SystemEvent } from './system-event.ts';
export { setTracePrinter } from './event-format.ts';
export { debugOptions, getLog, handleDebug } from './special-process.ts';
export type { SpecialProcess } from './special-process.ts';

const DEFAULT_TIMEOUT_MS = 5_000;

/** From here on only system messages and the parent's exit are handled. Twice is once. */
export function suspend(server: Dest, timeout: TimeLimit = DEFAULT_TIMEOUT_MS): Promise<'ok'> {
  return systemCall(server, { kind: 'suspend' }, timeout) as Promise<'ok'>;
}

/** Handles ordinary messages again. */
export function resume(server: Dest, timeout: TimeLimit = DEFAULT_TIMEOUT_MS): Promise<'ok'> {
  return systemCall(server, { kind: 'resume' }, timeout) as Promise<'ok'>;
}

/** The behaviour's state as it is. */
export function getState(server: Dest, timeout: TimeLimit = DEFAULT_TIMEOUT_MS): Promise<unknown> {
  return systemCall(server, { kind: 'getState' }, timeout);
}

/** Puts what the function returns in place of the state; a throwing one keeps the state. */
export function replaceState(
  server: Dest,
  change: (state: unknown) => unknown,
  timeout: TimeLimit = DEFAULT_TIMEOUT_MS,
): Promise<unknown> {
  return systemCall(server, { kind: 'replaceState', change }, timeout);
}

/** Status, parent, name, module, and the state as the module's `formatStatus` shows it. */
export function getStatus(server: Dest, timeout: TimeLimit = DEFAULT_TIMEOUT_MS): Promise<unknown> {
  return systemCall(server, { kind: 'getStatus' }, timeout);
}

/**
 * Puts another version of the module in place, with its `codeChange` turning the state. Only while
 * suspended (`'not_suspended'`), and only to a module that has one (`'undef'`); a failing `codeChange` keeps the old module and state.
 */
export function changeCode(
  server: Dest,
  module: object,
  oldVersion: unknown,
  extra: unknown,
  timeout: TimeLimit = DEFAULT_TIMEOUT_MS,
): Promise<'ok'> {
  const request = { kind: 'changeCode', module, oldVersion, extra, strict: true } as const;
  return systemCall(server, request, timeout) as Promise<'ok'>;
}

/** Tells the behaviour to end with the reason, and does not wait until it has (`stop` does). */
export function terminate(
  server: Dest,
  reason: ExitReason,
  timeout: TimeLimit = DEFAULT_TIMEOUT_MS,
): Promise<'ok'> {
  return systemCall(server, { kind: 'terminate', reason }, timeout) as Promise<'ok'>;
}

/** Prints every system event to stdout, or no longer. */
export function trace(server: Dest, flag: boolean, timeout?: TimeLimit): Promise<DebugAnswer> {
  return debug(server, ['trace', flag], timeout);
}

/**
 * Keeps the last 10 system events (`true`) or the last n (`[true, n]`), or none (`false`). `'get'`
 * answers `['ok', events]`, the oldest first; `'print'` prints them.
 */
export function log(server: Dest, flag: LogFlag, timeout?: TimeLimit): Promise<DebugAnswer> {
  return debug(server, ['log', flag], timeout);
}

/** Writes every system event to the file, which begins anew; `['error', 'open_file']` if it cannot. */
export function logToFile(
  server: Dest,
  flag: string | false,
  timeout?: TimeLimit,
): Promise<DebugAnswer> {
  return debug(server, ['log_to_file', flag], timeout);
}

/** Counts messages and callbacks. `'get'` answers `['ok', Statistics]` or `['ok', 'no_statistics']`. */
export function statistics(
  server: Dest,
  flag: boolean | 'get',
  timeout?: TimeLimit,
): Promise<DebugAnswer> {
  return debug(server, ['statistics', flag], timeout);
}

/** Ends all debugging. */
export function noDebug(server: Dest, timeout?: TimeLimit): Promise<DebugAnswer> {
  return debug(server, ['no_debug'], timeout);
}

/**
 * Lets the function see every system event from here on, once for each id (default: the function).
 * It gets its state, the event, and the process by name or pid; it returns its next state, or
 * `'done'` to be removed. One that throws an error is removed.
 */
export function install<State>(
  server: Dest,
  spec: FuncSpec<State>,
  timeout?: TimeLimit,
): Promise<DebugAnswer> {
  return debug(server, ['install', spec], timeout);
}

/** Removes the debug function of this id, or this one. */
export function remove(
  server: Dest,
  functionOrId: unknown,
  timeout?: TimeLimit,
): Promise<DebugAnswer> {
  return debug(server, ['remove', functionOrId], timeout);
}

function debug(
  server: Dest,
  command: DebugCommand,
  timeout: TimeLimit = DEFAULT_TIMEOUT_MS,
): Promise<DebugAnswer> {
  return systemCall(server, { kind: 'debug', command }, timeout) as Promise<DebugAnswer>;
}
