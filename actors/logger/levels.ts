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

const LIMITS: Readonly<Record<LevelLimit, number>> = { ...SEVERITY, all: 8, none: -1 };

/** True when an event of the level passes the limit. */
export function enabled(level: LogLevel, limit: LevelLimit): boolean {
  return SEVERITY[level] <= LIMITS[limit];
}

/**
 * Whether the first is less (`'lt'`), as or more (`'gt'`) severe than the second.
 * @throws RangeError for what is no level
 */
export function compareLevels(one: LevelLimit, other: LevelLimit): 'lt' | 'eq' | 'gt' {
  checkLimit(one);
  checkLimit(other);
  if (one === other) return 'eq';
  return LIMITS[one] > LIMITS[other] ? 'lt' : 'gt';
}

/** @throws RangeError for what is none at which something can be logged */
export function checkLevel(level: unknown): asserts level is LogLevel {
  if (typeof level === 'string' && Object.hasOwn(SEVERITY, level)) return;
  const levels = Object.keys(SEVERITY).join(', ');
  throw new RangeError(`expected a level to log at (${levels}), got ${String(level)}`);
}

/** @throws RangeError for what is no limit */
export function checkLimit(level: unknown): asserts level is LevelLimit {
  if (typeof level === 'string' && Object.hasOwn(LIMITS, level)) return;
  const levels = Object.keys(LIMITS).join(', ');
  throw new RangeError(`expected a log level (${levels}), got ${String(level)}`);
}
