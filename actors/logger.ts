/**
 * Where reports go. An event passes the primary level and the primary filters, as in Erlang's
 * `logger`; then the sink has it at once, in whoever reported it, and then the handlers of
 * `logger/handlers.ts` have it in a process of their own.
 *
 * So the runtime can report from anywhere, also while a process dies: nothing here waits, needs a
 * calling process, or throws. What must be written before a crash of the program belongs in the
 * sink; what may be slow or may fail belongs in a handler.
 */
import { requireFunction } from './bad-argument.ts';
import { wallNow } from './clock.ts';
import { enabled } from './logger/levels.ts';
import type { LevelLimit, LogLevel } from './logger/levels.ts';
import type { LogEvent } from './logger/event.ts';
import { passFilters } from './logger/filters.ts';
import type { FilterDefault, Filters } from './logger/filters.ts';
import type { Pid } from './pid.ts';
import type { Report } from './reports.ts';
import { isThenable } from './thenable.ts';

export type LogSink = (event: LogEvent) => void;

/** What holds for all events, before any sink or handler sees them. */
export interface PrimaryConfig {
  /** Default `'all'`: each sink and handler has its own. */
  readonly level: LevelLimit;
  readonly filters: Filters;
  /** What becomes of an event that every filter ignored; default `'log'`. */
  readonly filterDefault: FilterDefault;
}

export const PRIMARY_DEFAULTS: PrimaryConfig = { level: 'all', filters: [], filterDefault: 'log' };

const stderrSink: LogSink = event => {
  if (!enabled(event.level, 'warning')) return;
  process.stderr.write(`${JSON.stringify(event, plainly())}\n`);
};

let sink: LogSink = stderrSink;
let forward: LogSink | undefined;
let primary = PRIMARY_DEFAULTS;

/** Puts another sink in place and returns the old one. */
export function setLogger(replacement: LogSink): LogSink {
  requireFunction('setLogger()', replacement);
  const old = sink;
  sink = replacement;
  return old;
}

/** Where events go besides: to the handlers, while there are any. */
export function forwardEvents(next: LogSink | undefined): void {
  forward = next;
}

export function primaryConfig(): PrimaryConfig {
  return primary;
}

export function putPrimaryConfig(config: PrimaryConfig): void {
  primary = config;
}

/** A report is no reason to fail: a sink that throws is told of on stderr, and the caller goes on. */
export function log(level: LogLevel, report: Report, pid: Pid | undefined): void {
  if (!enabled(level, primary.level)) return;
  const event = { level, report, pid, at: wallNow() };
  if (primary.filters.length === 0) emit(event);
  else {
    const passed = filtered(event);
    if (passed !== undefined) emit(passed);
  }
}

/** A filter that fails is removed, as Erlang does, and the event goes on without it. */
function filtered(event: LogEvent): LogEvent | undefined {
  const { filters, filterDefault } = primary;
  return passFilters(event, filters, filterDefault, (id, thrown) => {
    primary = { ...primary, filters: primary.filters.filter(([other]) => other !== id) };
    const text = 'a primary log filter failed and was removed';
    emit({
      ...event,
      level: 'error',
      report: { kind: 'message', text, filter: id, reason: thrown },
    });
  });
}

function emit(event: LogEvent): void {
  try {
    // The types promise a sink that returns nothing; an async function passes for one.
    const written: unknown = sink(event);
    if (isThenable(written)) written.then(undefined, (error: unknown) => tellOfSink(event, error));
  } catch (error) {
    tellOfSink(event, error);
  }
  forward?.(event);
}

function tellOfSink({ report }: LogEvent, error: unknown): void {
  process.stderr.write(`the log sink failed on a ${report.kind} report: ${String(error)}\n`);
}

/** Reasons may hold anything, circles included: keep the line printable. */
function plainly(): (key: string, value: unknown) => unknown {
  const above = new WeakSet();
  return (_key, value) => {
    if (value instanceof Error) return { name: value.name, message: value.message };
    if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
    if (typeof value === 'function') return `[function ${value.name}]`;
    if (typeof value !== 'object' || value === null) return value;
    if (above.has(value)) return '[seen above]';
    above.add(value);
    return value;
  };
}
