/**
 * The server's log: JSON lines, by default on standard error. The runtime's reports go into it with OTP's fields;
 * messages, bodies and keys never do (see `loggable.ts`).
 */
import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogEvent, LogLevel, LogSink, Report } from '../actors/index.ts';
import { loggable } from './loggable.ts';

export type Logger = Pick<PinoLogger<LogLevel>, LogLevel | 'isLevelEnabled'>;

/** The runtime's levels, which are OTP's; the numbers are pino's, `notice` between two of them. */
const LEVELS: Record<LogLevel, number> = {
  debug: 20,
  info: 30,
  notice: 35,
  warning: 40,
  error: 50,
  critical: 60,
  alert: 70,
  emergency: 80,
};

const STANDARD_ERROR = 2;

/**
 * A logger of lines `{ level, time, …, msg }`. They are written at once, so that the last ones before a crash are
 * there too.
 */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly destination?: DestinationStream;
}): Logger {
  return pino<LogLevel, true>(
    {
      level: options.level,
      customLevels: LEVELS,
      useOnlyCustomLevels: true,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    options.destination ?? pino.destination({ dest: STANDARD_ERROR, sync: true }),
  );
}

/** Takes the runtime's reports, for `setLogger`. */
export const logSink =
  (logger: Logger): LogSink =>
  event => {
    // Each session that starts reports progress: its fields are not gone through for a line that is not written.
    if (!logger.isLevelEnabled(event.level)) return;
    logger[event.level](fieldsOf(event), textOf(event.report));
  };

/** Writes an error that was caught at an edge, such as in an HTTP handler. */
export function logError(logger: Logger, error: unknown, where: string): void {
  logger.error({ where, error: loggable(error) }, 'something failed');
}

/** Fields of reports that are records of our own, so that their names are known to be harmless. */
const RECORDS = new Set(['offender', 'started', 'behaviour']);

function fieldsOf({ report, pid }: LogEvent): Record<string, unknown> {
  const fields: Record<string, unknown> = { report: report.kind, about: pid };
  for (const [name, value] of Object.entries(report)) {
    if (name === 'kind' || name === 'text') continue;
    fields[name] = RECORDS.has(name) ? record(value as object) : loggable(value);
  }
  return fields;
}

const record = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([name, item]) => [name, loggable(item)]));

function textOf(report: Report): string {
  switch (report.kind) {
    case 'supervisor':
      return `supervisor: ${report.errorContext}`;
    case 'progress':
      return 'started';
    case 'crash':
      return `${report.initialCall} crashed`;
    case 'message':
      return report.text;
  }
}
