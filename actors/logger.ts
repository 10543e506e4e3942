/** Where reports go: an injected sink; by default warnings and errors as JSON lines on stderr. */
import { wallNow } from './clock.ts';
import type { Pid } from './pid.ts';
import type { Report } from './reports.ts';

export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error';

export interface LogEvent {
  readonly level: LogLevel;
  readonly report: Report;
  /** The process that reports, or that the report is about. */
  readonly pid: Pid | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type LogSink = (event: LogEvent) => void;

const stderrSink: LogSink = event => {
  if (event.level !== 'warning' && event.level !== 'error') return;
  process.stderr.write(`${JSON.stringify(event, plainly())}\n`);
};

let sink: LogSink = stderrSink;

/** Puts another sink in place and returns the old one. */
export function setLogger(replacement: LogSink): LogSink {
  const old = sink;
  sink = replacement;
  return old;
}

/** A report is no reason to fail: a sink that throws is told of on stderr, and the caller goes on. */
export function log(level: LogLevel, report: Report, pid: Pid | undefined): void {
  try {
    sink({ level, report, pid, at: wallNow() });
  } catch (error) {
    process.stderr.write(`the log sink failed on a ${report.kind} report: ${String(error)}\n`);
  }
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
