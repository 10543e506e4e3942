/**
 * sys: what can be asked of any behaviour while it runs. The names are those of `sys.erl`.
 *
 * All of it comes ahead of ordinary messages, and rejects with an Exit as a call does. The default
 * timeout is 5,000 ms. Of a server in another isolate the state and status come with what cannot
 * cross described in text, and what takes code (`replaceState`, `changeCode`) is a TypeError: it has
 * to be called there.
 */
import type { Dest } from '../server-ref.ts';
import { systemCall } from './system-call.ts';

const DEFAULT_TIMEOUT_MS = 5_000;

/** From here on only system messages and the parent's exit are handled. Twice is once. */
export async function suspend(server: Dest, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
  await systemCall(server, { kind: 'suspend' }, timeoutMs);
}

/** Handles ordinary messages again. */
export async function resume(server: Dest, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
  await systemCall(server, { kind: 'resume' }, timeoutMs);
}

/** The behaviour's state as it is. */
export function getState(server: Dest, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<unknown> {
  return systemCall(server, { kind: 'getState' }, timeoutMs);
}

/** Puts what the function returns in place of the state; a throwing one keeps the state. */
export function replaceState(
  server: Dest,
  change: (state: unknown) => unknown,
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<unknown> {
  return systemCall(server, { kind: 'replaceState', change }, timeoutMs);
}

/** Status, parent, name, module, and the state as the module's `formatStatus` shows it. */
export function getStatus(server: Dest, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<unknown> {
  return systemCall(server, { kind: 'getStatus' }, timeoutMs);
}

/**
 * Puts another version of the module in place, with its `codeChange` turning the state. Only while
 * suspended (`'not_suspended'`); a failing `codeChange` keeps the old module and state.
 */
export async function changeCode(
  server: Dest,
  module: object,
  oldVersion: unknown,
  extra: unknown,
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<void> {
  await systemCall(server, { kind: 'changeCode', module, oldVersion, extra }, timeoutMs);
}
