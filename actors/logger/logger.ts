/**
 * logger: the primary configuration and the handlers of the log. Names and answers are those of
 * Erlang's `logger`. The sink (`setLogger`), which has every event at once, is what Erlang's
 * handler `default` is.
 */
import { owningProcess } from '../context.ts';
import { log as logReport, primaryConfig, putPrimaryConfig } from '../logger.ts';
import type { PrimaryConfig } from '../logger.ts';
import type { Report } from '../reports.ts';
import { withFilter, withoutFilter } from './filters.ts';
import type { Filter, Filters } from './filters.ts';
import { handlers, install, uninstall } from './handlers.ts';
import type { HandlerConfig, LogHandler } from './handlers.ts';
import { checkLevel, checkLimit } from './levels.ts';
import type { LogLevel } from './levels.ts';

export type { Filter, FilterDefault, FilterResult, Filters } from './filters.ts';
export type { HandlerConfig, LogHandler } from './handlers.ts';
export { compareLevels } from './levels.ts';
export type { LevelLimit } from './levels.ts';
export type { PrimaryConfig } from '../logger.ts';

type Answer = 'ok' | readonly ['error', unknown];

/**
 * Logs a report, or a sentence with details, in the name of the calling process.
 * @throws RangeError for what is no level
 */
export function log(
  level: LogLevel,
  report: Report | string,
  details: Readonly<Record<string, unknown>> = {},
): 'ok' {
  checkLevel(level);
  const whole =
    typeof report === 'string' ? { ...details, kind: 'message' as const, text: report } : report;
  logReport(level, whole, owningProcess()?.pid);
  return 'ok';
}

type At = (report: Report | string, details?: Readonly<Record<string, unknown>>) => 'ok';

const at =
  (level: LogLevel): At =>
  (report, details) =>
    log(level, report, details);

/** {@link log} at the level of the name. */
export const emergency = at('emergency');
export const alert = at('alert');
export const critical = at('critical');
export const error = at('error');
export const warning = at('warning');
export const notice = at('notice');
export const info = at('info');
export const debug = at('debug');

export function getPrimaryConfig(): PrimaryConfig {
  return primaryConfig();
}

/** @throws RangeError for what is no level, TypeError for another bad value */
export function setPrimaryConfig<Key extends keyof PrimaryConfig>(
  key: Key,
  value: PrimaryConfig[Key],
): 'ok' {
  const config = { ...primaryConfig(), [key]: value };
  checkConfig(config, ['level', 'filters', 'filterDefault'], key);
  putPrimaryConfig(config);
  return 'ok';
}

/** `['error', ['already_exist', id]]` when there is one with this id. */
export function addPrimaryFilter(id: string, filter: Filter): Answer {
  checkFilter([id, filter]);
  const filters = withFilter(primaryConfig().filters, id, filter);
  if (filters === undefined) return alreadyExist(id);
  return setPrimaryConfig('filters', filters);
}

/** `['error', ['not_found', id]]` when there is none with this id. */
export function removePrimaryFilter(id: string): Answer {
  const filters = withoutFilter(primaryConfig().filters, id);
  return filters === undefined ? notFound(id) : setPrimaryConfig('filters', filters);
}

/**
 * Adds a handler, which has every event from here on that its level and filters let through.
 * `['error', ['already_exist', id]]`, or `['error', ['handler_not_added', why]]`.
 * @throws (rejects) TypeError, RangeError for a bad module or configuration
 */
export async function addHandler<Config = undefined>(
  id: string,
  module: LogHandler<Config>,
  config: Partial<Omit<HandlerConfig<Config>, 'id'>> = {},
): Promise<Answer> {
  if (typeof (module as Partial<LogHandler> | null | undefined)?.log !== 'function') {
    throw new TypeError('logger.addHandler() expects a module with a function log(event, config)');
  }
  const whole = {
    level: 'all',
    filters: [],
    filterDefault: 'log',
    config: undefined,
    ...config,
    id,
  } as const;
  checkConfig(whole, CONFIG_KEYS);
  if (handlers.has(id)) return alreadyExist(id);
  handlers.set(id, { module: module as LogHandler, config: whole });
  const added = await install(id);
  return added === 'ok' ? 'ok' : ['error', ['handler_not_added', added]];
}

/** `['error', ['not_found', id]]` when there is none with this id. */
export async function removeHandler(id: string): Promise<Answer> {
  if (!handlers.has(id)) return notFound(id);
  await uninstall(id);
  return 'ok';
}

export function getHandlerIds(): string[] {
  return [...handlers.keys()];
}

export function getHandlerConfig(
  id: string,
): readonly ['ok', HandlerConfig] | readonly ['error', readonly ['not_found', string]] {
  const known = handlers.get(id);
  return known === undefined ? notFound(id) : ['ok', known.config];
}

/** @throws RangeError, TypeError for a bad value */
export function setHandlerConfig<Key extends 'level' | 'filters' | 'filterDefault' | 'config'>(
  id: string,
  key: Key,
  value: HandlerConfig[Key],
): Answer {
  const known = handlers.get(id);
  if (known === undefined) return notFound(id);
  const config = { ...known.config, [key]: value };
  checkConfig(config, CONFIG_KEYS, key);
  known.config = config;
  return 'ok';
}

export function addHandlerFilter(id: string, filterId: string, filter: Filter): Answer {
  checkFilter([filterId, filter]);
  const known = handlers.get(id);
  if (known === undefined) return notFound(id);
  const filters = withFilter(known.config.filters, filterId, filter);
  return filters === undefined ? alreadyExist(filterId) : setHandlerConfig(id, 'filters', filters);
}

export function removeHandlerFilter(id: string, filterId: string): Answer {
  const known = handlers.get(id);
  if (known === undefined) return notFound(id);
  const filters = withoutFilter(known.config.filters, filterId);
  return filters === undefined ? notFound(filterId) : setHandlerConfig(id, 'filters', filters);
}

const CONFIG_KEYS = ['level', 'filters', 'filterDefault', 'config'];

function alreadyExist(id: string): readonly ['error', readonly ['already_exist', string]] {
  return ['error', ['already_exist', id]];
}

function notFound(id: string): readonly ['error', readonly ['not_found', string]] {
  return ['error', ['not_found', id]];
}

function checkConfig(
  config: { readonly level: unknown; readonly filters: unknown; readonly filterDefault: unknown },
  keys: readonly string[],
  key = 'level',
): void {
  if (!keys.includes(key)) {
    throw new TypeError(`expected one of ${keys.join(', ')} to be set, got ${key}`);
  }
  const { level, filters, filterDefault } = config;
  checkLimit(level);
  if (filterDefault !== 'log' && filterDefault !== 'stop') {
    throw new TypeError(
      `expected filterDefault to be 'log' or 'stop', got ${String(filterDefault)}`,
    );
  }
  if (!Array.isArray(filters)) {
    throw new TypeError(`expected filters to be a list of [id, [function, argument]]`);
  }
  (filters as Filters).forEach(checkFilter);
}

function checkFilter(given: readonly [id: string, filter: Filter]): void {
  const [id, filter] = given as readonly [unknown, readonly unknown[] | undefined];
  if (typeof id === 'string' && Array.isArray(filter) && typeof filter[0] === 'function') return;
  throw new TypeError('expected a filter to be an id and [function, argument]');
}
