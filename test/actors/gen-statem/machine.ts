import { genStatem, sys } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';
import type { StartOptions } from '../../../actors/index.ts';
import { settle } from '../../../actors/testing.ts';

/** A state function without types: what it is given and returns may be wrong on purpose. */
export type Handle = (type: unknown, content: unknown, state: unknown, data: unknown) => unknown;

export interface Callbacks {
  readonly callbackMode?: () => unknown;
  readonly init?: (arg: unknown) => unknown;
  readonly [callback: string]: unknown;
}

/** A module in the mode handle_event_function that begins in the state `'a'` with the data 0. */
export function moduleOf(
  handleEvent: Handle,
  callbacks: Callbacks = {},
): genStatem.StatemModule<unknown, unknown, unknown> {
  return {
    callbackMode: () => 'handle_event_function',
    init: () => ['ok', 'a', 0],
    handleEvent,
    ...callbacks,
  } as never;
}

/** Starts it and gives its pid. */
export async function startOf(
  module: genStatem.StatemModule<never, unknown, unknown>,
  options: StartOptions = {},
): Promise<Pid> {
  const result = await genStatem.start(module, undefined as never, options);
  if (result[0] !== 'ok') throw new Error(`did not start: ${JSON.stringify(result)}`);
  return result[1];
}

/** Starts a machine that is this function, in the mode handle_event_function. */
export function machine(
  handle: Handle,
  callbacks?: Callbacks,
  options?: StartOptions,
): Promise<Pid> {
  return startOf(moduleOf(handle, callbacks), options);
}

/** An event type as tests compare it: who calls is left out. */
export function plain(type: unknown): unknown {
  return Array.isArray(type) && type[0] === 'call' ? 'call' : type;
}

/** The caller of a call event. */
export function fromOf(type: unknown): never {
  return (type as readonly [string, unknown])[1] as never;
}

/** State and data after all that was sent; a system message alone would come before it. */
export async function stateOf(pid: Pid): Promise<unknown> {
  await settle();
  return sys.getState(pid);
}
