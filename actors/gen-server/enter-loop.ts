/** A bare process becomes a gen-server: `enter_loop/5` of `gen_server.erl`. */
import { requireOptions } from '../bad-argument.ts';
import { moduleToStart } from '../code/module-table.ts';
import { requireProcess } from '../context.ts';
import { Exit } from '../exit.ts';
import { requireStartName, whereis } from '../names.ts';
import type { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import type { StartName } from '../server-ref.ts';
import { Bare } from '../spawn.ts';
import { installDebugOptions } from '../sys/debug-command.ts';
import type { DebugOption } from '../sys/debug-command.ts';
import { requireModule } from './gen-server.ts';
import { GenServerLoop } from './loop.ts';
import type { After, AnyRequest, GenServer } from './types.ts';

export interface EnterLoopOptions {
  /** What `sys` shows of it from its first message on. */
  readonly debug?: readonly DebugOption[];
  /** Accepted for the likeness: there is no heap of its own to shrink. */
  readonly hibernateAfterMs?: number;
}

/**
 * Makes the calling process, which must be a bare one (`spawn`, `procLib.start`), a server of the
 * module with that state; `init` does not run. From the next message on the module's callbacks
 * handle what comes. JavaScript cannot leave the caller's function for good: so this returns, and
 * should be the last that the function does.
 *
 * @param serverName the name that it is registered under already, or its own pid
 * @param after what comes next when no message does, as from `init`
 * @throws TypeError outside of a bare process
 * @throws Exit `'process_not_registered'`, or `['process_not_registered_via', module]`, when it has not
 *   that name; `['bad_action', after]`
 */
export function enterLoop<
  State,
  Call extends AnyRequest = never,
  Cast = never,
  Info = never,
  Continue = never,
>(
  module: GenServer<never, State, Call, Cast, Info, Continue>,
  options: EnterLoopOptions,
  state: State,
  serverName?: StartName | Pid,
  after: After<Continue> = Infinity,
): void {
  requireModule('enterLoop()', module);
  requireOptions('enterLoop()', options);
  const process = processToEnter(serverName);
  const loop = new GenServerLoop(moduleToStart(module, process.codeKey), process);
  if (!loop.begin(['ok', state, after])) throw new Exit(['bad_action', after]);
  installDebugOptions(process, options.debug ?? []);
  process.behaviour = loop;
}

/** The calling process, which becomes a process of a behaviour; it has to be bare, and named so. */
export function processToEnter(serverName: StartName | Pid | undefined): Process {
  const process = requireProcess('enterLoop()');
  const { behaviour, pid } = process;
  if (behaviour !== undefined && !(behaviour instanceof Bare)) {
    throw new TypeError('enterLoop() is for a bare process: this one is a server already');
  }
  if (serverName !== undefined) requireRegistered(serverName, pid);
  // Linked or not, as `gen:get_parent/0` finds it in the ancestors.
  process.obeyParent();
  return process;
}

function requireRegistered(serverName: StartName | Pid, pid: Pid): void {
  if (typeof serverName !== 'number') requireStartName('enterLoop()', serverName);
  const named = typeof serverName === 'number' ? serverName : whereis(serverName);
  if (named === pid) return;
  throw new Exit(
    typeof serverName === 'object'
      ? ['process_not_registered_via', serverName[1]]
      : 'process_not_registered',
  );
}
