/**
 * How processes of a behaviour start: `init` runs inline in the starter's turn, as the new process,
 * and its answer decides. See `proc_lib.erl`, `start_link/5` and `init_ack/2`.
 */
import { after } from './clock.ts';
import { requireProcess, runAs } from './context.ts';
import { reasonOf } from './exit.ts';
import type { ExitReason } from './exit.ts';
import type { StartMonitorResult, StartResult } from './gen-server/types.ts';
import { linkToRemote } from './isolates/remote-links.ts';
import { monitorProcess } from './links.ts';
import { requireStartName, takeName, whereis } from './names.ts';
import { isolateOf, requirePid, thisIsolate } from './pid.ts';
import type { MonitorRef, Pid } from './pid.ts';
import type { Behaviour, Holding, Process } from './process.ts';
import { crash, die, wake } from './signals.ts';
import { smallAdd, smallDelete } from './small-set.ts';
import { createProcess } from './spawn.ts';
import type { CreateOptions, SpawnOptions } from './spawn.ts';
import { settledStart } from './start-result.ts';
import { installDebugOptions } from './sys/debug-command.ts';
import type { DebugOption } from './sys/debug-command.ts';
import { isThenable } from './thenable.ts';
import { startLimit } from './time-limit.ts';
import type { TimeLimit } from './time-limit.ts';
import { isVia, pidVia } from './via-name.ts';

export interface StartOptions extends Omit<SpawnOptions, 'link'> {
  /** How long `init` may take in milliseconds; default without end. Past it: killed, `'timeout'`. */
  readonly timeoutMs?: TimeLimit;
  /** What `sys` shows of it from its first message on. */
  readonly debug?: readonly DebugOption[];
  /** Accepted for the likeness: there is no heap of its own to shrink. */
  readonly hibernateAfterMs?: number;
  /**
   * The process that stands as its parent instead of the caller: a supervisor in another isolate,
   * on whose behalf the caller starts the server here. `startLink` links it to that one once `init`
   * is through, and its exit is obeyed as a parent's is.
   */
  readonly parent?: Pid;
  /**
   * On whose behalf it runs, such as a user's name: while there is a canary of its module, the key
   * decides which version it starts with.
   */
  readonly codeKey?: string;
}

/** What a behaviour brings to the start of one of its processes. */
export interface Starter {
  /** What reports call the process when the options do not say. */
  readonly label: string;
  /** The behaviour of the new process, before its `init` runs. */
  behave(process: Process): Starting;
  /** Runs as the new process. */
  init(): unknown;
  /** What the starter is told when `init` threw; default the exit reason itself. */
  readonly told?: (reason: ExitReason) => ExitReason;
}

/**
 * As {@link startProcess}, with a monitor of the calling process from before its first message. A
 * failed start leaves no monitor and no DOWN.
 */
export async function startMonitored<P extends Pid>(
  options: StartOptions & CreateOptions,
  starter: Starter,
): Promise<StartMonitorResult<P>> {
  requireProcess('startMonitor()');
  let ref: MonitorRef | undefined;
  const begun = (process: Process): void => {
    ref = monitorProcess(process, 'startMonitor()');
  };
  const result = await startProcess<P>({ ...options, begun }, starter);
  return result[0] === 'ok' ? ['ok', [result[1], ref as MonitorRef]] : result;
}

type ProcessOptions = StartOptions &
  CreateOptions & {
    /** Called when the start has succeeded, before anything else happens. */
    readonly begun?: (process: Process) => void;
  };

/** A behaviour whose process starts; messages wait until it has begun. */
export interface Starting extends Behaviour {
  /**
   * Takes what `init` returned and begins; false when that means no beginning (`ignore`, `stop`,
   * nonsense), which {@link startProcess} then judges. A throw fails the start with its reason.
   */
  begin(result: unknown): boolean;
  /** The start has failed of what the new process did itself. */
  failed?(reason: ExitReason): void;
}

/**
 * Starts a process of a behaviour. The promise is settled already when `init` returned a plain
 * value. A failed start is `['error', reason]`: the process is dead, its name free, and no exit
 * signal comes to the starter. Without a calling process the option `link` has no effect.
 */
export function startProcess<P extends Pid>(
  options: ProcessOptions,
  starter: Starter,
): Promise<StartResult<P>> {
  const { name } = options;
  if (name !== undefined) requireStartName('start()', name);
  const holder = name === undefined ? undefined : whereis(name);
  if (holder !== undefined) return settledStart<P>(['error', ['already_started', holder]]);
  startLimit(options.timeoutMs);
  const { parent } = options;
  if (parent !== undefined) requirePid('start(): parent', parent);
  if (parent !== undefined && isolateOf(parent) === thisIsolate()) {
    throw new TypeError(
      'start(): the option parent is for a supervisor in another isolate; call it from the parent',
    );
  }
  const process = createProcess(undefined, options.label ?? starter.label, options);
  const loop = starter.behave(process);
  process.behaviour = loop;
  process.phase = 'starting';
  if (options.debug !== undefined) installDebugOptions(process, options.debug);
  let result: unknown;
  try {
    if (name !== undefined && !takeName(process, name)) {
      die(process, 'normal');
      return settledStart<P>(['error', ['already_started', whereis(name)]]);
    }
    result = runAs(process, () => starter.init());
  } catch (thrown) {
    return settledStart(failInit<P>(process, thrown, options, starter));
  }
  if (!isThenable(result)) return settledStart(finishStart<P>(process, loop, result, options));
  return awaitInit(process, loop, result, options, starter);
}

function awaitInit<P extends Pid>(
  process: Process,
  loop: Starting,
  pending: Promise<unknown>,
  options: ProcessOptions,
  starter: Starter,
): Promise<StartResult<P>> {
  const timeoutMs = startLimit(options.timeoutMs);
  return new Promise(resolve => {
    let timedOut = false;
    const timer =
      timeoutMs === Infinity
        ? undefined
        : after(timeoutMs, () => {
            timedOut = true;
            die(process, 'killed');
          });
    // Whoever kills it while it starts, the starter gets its answer.
    const starting: Holding = {
      release: () => {
        timer?.cancel();
        resolve(['error', timedOut ? 'timeout' : process.exitReason]);
      },
    };
    process.holdings = smallAdd(process.holdings, starting);
    const finish = (outcome: () => StartResult<P>): void => {
      if (!process.alive) return;
      timer?.cancel();
      process.holdings = smallDelete(process.holdings, starting);
      resolve(outcome());
    };
    pending.then(
      value => finish(() => finishStart(process, loop, value, options)),
      (thrown: unknown) => finish(() => failInit(process, thrown, options, starter)),
    );
  });
}

function finishStart<P extends Pid>(
  process: Process,
  loop: Starting,
  result: unknown,
  options: ProcessOptions,
): StartResult<P> {
  const { link, parent } = options;
  if (!process.alive) return ['error', process.exitReason];
  let begun: boolean;
  try {
    begun = loop.begin(result);
  } catch (thrown) {
    return failStart(process, reasonOf(thrown), options);
  }
  if (begun) {
    wake(process);
    options.begun?.(process);
    if (link === true && parent !== undefined) linkToRemote(process, parent);
    const pid = process.pid as P;
    return ['ok', pid];
  }
  if (isIgnore(result)) {
    giveBackName(process, options);
    die(process, 'normal');
    return ['ignore'];
  }
  if (Array.isArray(result) && result[0] === 'error' && result.length === 2) {
    giveBackName(process, options);
    die(process, 'normal');
    return ['error', result[1]];
  }
  if (Array.isArray(result) && result[0] === 'stop' && result.length === 2) {
    return failStart(process, result[1], options);
  }
  return failStart(process, ['bad_return_value', result], options);
}

/** Erlang's atom, or a tuple of it alone, as the start answers it. */
export function isIgnore(result: unknown): boolean {
  return (
    result === 'ignore' || (Array.isArray(result) && result.length === 1 && result[0] === 'ignore')
  );
}

function failInit<P extends Pid>(
  process: Process,
  thrown: unknown,
  options: CreateOptions,
  { told }: Starter,
): StartResult<P> {
  const result = failStart<P>(process, reasonOf(thrown), options);
  return result[0] === 'error' && told !== undefined ? ['error', told(result[1])] : result;
}

function failStart<P extends Pid>(
  process: Process,
  reason: ExitReason,
  options: CreateOptions,
): StartResult<P> {
  giveBackName(process, options);
  if (process.alive) (process.behaviour as Starting | undefined)?.failed?.(reason);
  crash(process, reason);
  // A process that was killed while it started ended with that reason, whatever came after.
  return ['error', process.exitReason];
}

/** A registered name goes with its process; a via module is told, as `gen:unregister_name/1` does. */
function giveBackName(process: Process, { name }: CreateOptions): void {
  if (!process.alive || !isVia(name) || pidVia(name) !== process.pid) return;
  const [, module, key] = name;
  runAs(process, () => {
    module.unregisterName(key);
  });
}
