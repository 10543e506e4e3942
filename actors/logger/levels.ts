/** The log levels of Erlang's `logger`, which are those of syslog (RFC 5424, section 6.2.1). */

const SEVERITY = {
  emergency: 0,
  alert: 1,
  critical: 2,
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
} as const;

export type LogLevel = keyof typeof SEVERITY;

/** How much is let through: this level and what is more severe, everything, nothing. */
export type LevelLimit = LogLevel | 'all' | 'none';

const LIMITS: Readonly<Record<LevelLimit, number>> = { ...SEVERITY, all: 7, none: -1 };

/** True when an event of the level passes the limit. */
export function enabled(level: LogLevel, limit: LevelLimit): boolean {
  return SEVERITY[level] <= LIMITS[limit];
}

/** @throws RangeError for what is no level */
export function checkLimit(level: unknown): asserts level is LevelLimit {
  if (typeof level === 'string' && Object.hasOwn(LIMITS, level)) return;
  const levels = Object.keys(LIMITS).join(', ');
  throw new RangeError(`expected a log level (${levels}), got ${String(level)}`);
}
