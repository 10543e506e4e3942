/** What is logged. */
import type { Pid } from '../pid.ts';
import type { Report } from '../reports.ts';
import type { LogLevel } from './levels.ts';

export interface LogEvent {
  readonly level: LogLevel;
  readonly report: Report;
  /** The process that reports, or that the report is about. */
  readonly pid: Pid | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}
