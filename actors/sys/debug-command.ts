/** What is asked for and how it is put in place: `sys.erl`, `debug_cmd/2` and `debug_options/1`. */
import { badArgument } from '../bad-argument.ts';
import type { Process } from '../process.ts';
import { Debug } from './debug.ts';
import type { DebugItem } from './debug.ts';
import {
  DEFAULT_LOG_LENGTH,
  EventCounts,
  EventLog,
  InstalledFunction,
  LogFile,
  Trace,
} from './debug-items.ts';
import type { DebugFunction, Statistics } from './debug-items.ts';
import type { SystemEvent } from './system-event.ts';

/** A debug function with its first state, and the id by which it is removed (default: itself). */
export type FuncSpec<State = never> =
  | readonly [fn: DebugFunction<State>, state: State]
  | readonly [id: unknown, fn: DebugFunction<State>, state: State]
  | { readonly id?: unknown; readonly fn: DebugFunction<State>; readonly state: State };

export type LogFlag = boolean | 'get' | 'print' | readonly [true, number];

export type DebugCommand =
  | readonly ['trace', boolean]
  | readonly ['log', LogFlag]
  | readonly ['log_to_file', string | false]
  | readonly ['statistics', boolean | 'get']
  | readonly ['no_debug']
  | readonly ['install', unknown]
  | readonly ['remove', unknown];

/** Debugging from the first message on. */
export type DebugOption =
  | 'trace'
  | 'log'
  | 'statistics'
  | readonly ['log', number]
  | readonly ['log_to_file', string]
  | readonly ['install', FuncSpec];

export type DebugAnswer =
  | 'ok'
  | 'unknown_debug'
  | readonly ['ok', readonly SystemEvent[] | Statistics | 'no_statistics']
  | readonly ['error', 'open_file'];

/** Obeys one command and says what Erlang answers; `'unknown_debug'` to what it does not know. */
export function debugCommand(process: Process, command: DebugCommand): DebugAnswer {
  switch (command[0]) {
    case 'trace':
      return setTrace(process, command[1]);
    case 'log':
      return setLog(process, command[1]);
    case 'log_to_file':
      return setLogFile(process, command[1]);
    case 'statistics':
      return setStatistics(process, command[1]);
    case 'no_debug':
      process.debug?.close();
      return 'ok';
    case 'install': {
      const item = installedFunction(command[1]);
      return item === undefined ? 'unknown_debug' : installed(process, item);
    }
    case 'remove':
      return removed(process, command[1]);
    default:
      return 'unknown_debug';
  }
}

/** Puts in place what the option `debug` of a start asks for. */
export function installDebugOptions(process: Process, options: readonly DebugOption[]): void {
  if (!Array.isArray(options)) throw badArgument('debug', 'a list of debug options', options);
  for (const option of options as readonly DebugOption[]) {
    if (option === 'trace') setTrace(process, true);
    else if (option === 'log') setLog(process, true);
    else if (option === 'statistics') setStatistics(process, true);
    else if (option[0] === 'log') setLog(process, [true, option[1]]);
    else if (option[0] === 'log_to_file') setLogFile(process, option[1]);
    else debugCommand(process, option);
  }
}

/** The logged events, the oldest first; none when nothing is logged. */
export function getLog(process: Process): readonly SystemEvent[] {
  const item = process.debug?.find('log');
  return item instanceof EventLog ? item.events() : [];
}

function setTrace(process: Process, flag: unknown): DebugAnswer {
  if (flag === true) return installed(process, new Trace());
  return flag === false ? removed(process, 'trace') : 'unknown_debug';
}

/** A log that is there already takes the new length and keeps its newest events. */
function setLog(process: Process, flag: LogFlag): DebugAnswer {
  const item = process.debug?.find('log');
  const here = item instanceof EventLog ? item : undefined;
  const length = lengthOf(flag);
  if (length !== undefined) {
    here?.resize(length);
    return here === undefined ? installed(process, new EventLog(length)) : 'ok';
  }
  switch (flag) {
    case false:
      return removed(process, 'log');
    case 'get':
      return ['ok', here?.events() ?? []];
    case 'print':
      here?.print();
      return 'ok';
    default:
      return 'unknown_debug';
  }
}

function lengthOf(flag: LogFlag): number | undefined {
  if (flag === true) return DEFAULT_LOG_LENGTH;
  if (!Array.isArray(flag)) return undefined;
  const [on, length] = flag as readonly unknown[];
  return on === true && Number.isInteger(length) && (length as number) >= 1
    ? (length as number)
    : undefined;
}

function setLogFile(process: Process, path: unknown): DebugAnswer {
  removed(process, 'log_to_file');
  if (path === false) return 'ok';
  if (typeof path !== 'string') return 'unknown_debug';
  let file: LogFile;
  try {
    file = new LogFile(process, path);
  } catch {
    // That it did not open is all that Erlang says.
    return ['error', 'open_file'];
  }
  return installed(process, file);
}

function setStatistics(process: Process, flag: unknown): DebugAnswer {
  switch (flag) {
    case true:
      return installed(process, new EventCounts(process));
    case false:
      return removed(process, 'statistics');
    case 'get': {
      const item = process.debug?.find('statistics');
      return ['ok', item instanceof EventCounts ? item.statistics() : 'no_statistics'];
    }
    default:
      return 'unknown_debug';
  }
}

/** Undefined when it is none. */
function installedFunction(spec: unknown): InstalledFunction | undefined {
  const { id, fn, state } = partsOf(spec);
  return typeof fn === 'function'
    ? new InstalledFunction(id ?? fn, fn as DebugFunction, state)
    : undefined;
}

function partsOf(spec: unknown): { id?: unknown; fn?: unknown; state?: unknown } {
  if (typeof spec !== 'object' || spec === null) return {};
  if (!Array.isArray(spec)) return spec;
  const parts = spec as readonly unknown[];
  return parts.length === 2
    ? { fn: parts[0], state: parts[1] }
    : { id: parts[0], fn: parts[1], state: parts[2] };
}

function installed(process: Process, item: DebugItem): 'ok' {
  (process.debug ??= new Debug(process)).install(item);
  return 'ok';
}

function removed(process: Process, key: unknown): 'ok' {
  process.debug?.remove(key);
  return 'ok';
}
