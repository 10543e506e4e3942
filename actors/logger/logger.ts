/**
 * logger: the primary configuration and the handlers of the log. Names and answers are those of
 * Erlang's `logger`. The sink (`setLogger`), which has every event at once, is what Erlang's
 * handler `default` is.
 */
import { badArgument } from '../bad-argument.ts';
import { owningProcess } from '../context.ts';
import { log as logReport, PRIMARY_DEFAULTS, primaryConfig, putPrimaryConfig } from '../logger.ts';
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

/** A whole configuration, or one key of it with its value. */
type Given = readonly [config: unknown] | readonly [key: unknown, value: unknown];

const HANDLER_DEFAULTS = { ...PRIMARY_DEFAULTS, config: undefined };
const PRIMARY_KEYS = Object.keys(PRIMARY_DEFAULTS);
const HANDLER_KEYS = [...Object.keys(HANDLER_DEFAULTS), 'id'];

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

/**
 * Sets one key, or the whole: what a whole configuration does not name is the default again.
 * @throws RangeError for what is no level, TypeError for another bad key or value
 */
export function setPrimaryConfig(config: Partial<PrimaryConfig>): 'ok';
export function setPrimaryConfig<Key extends keyof PrimaryConfig>(
  key: Key,
  value: PrimaryConfig[Key],
): 'ok';
export function setPrimaryConfig(...given: Given): 'ok' {
  const config = checked(PRIMARY_KEYS, given);
  const base = given.length === 1 ? PRIMARY_DEFAULTS : primaryConfig();
  putPrimaryConfig({ ...base, ...config });
  return 'ok';
}

/**
 * Sets the keys that are named and leaves the others.
 * @throws as {@link setPrimaryConfig}
 */
export function updatePrimaryConfig(config: Partial<PrimaryConfig>): 'ok' {
  putPrimaryConfig({ ...primaryConfig(), ...checked(PRIMARY_KEYS, [config]) });
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
  const whole = { ...HANDLER_DEFAULTS, ...checked(HANDLER_KEYS, [config]), id };
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

/** Of the handler, or, without an id, of all. */
export function getHandlerConfig(): readonly HandlerConfig[];
export function getHandlerConfig(
  id: string,
): readonly ['ok', HandlerConfig] | readonly ['error', readonly ['not_found', string]];
export function getHandlerConfig(...[id]: readonly [id?: string]): unknown {
  if (id === undefined) return [...handlers.values()].map(({ config }) => config);
  const known = handlers.get(id);
  return known === undefined ? notFound(id) : ['ok', known.config];
}

/** What of a handler's configuration may change; its id may be named, and must be what it is. */
type HandlerChange = Partial<HandlerConfig>;

/**
 * Sets one key, or the whole: what a whole configuration does not name is the default again.
 * `['error', ['not_found', id]]`, or `['error', ['illegal_config_change', { id }, { id }]]`.
 * @throws RangeError for what is no level, TypeError for another bad key or value
 */
export function setHandlerConfig(id: string, config: HandlerChange): Answer;
export function setHandlerConfig<Key extends keyof HandlerConfig>(
  id: string,
  key: Key,
  value: HandlerConfig[Key],
): Answer;
export function setHandlerConfig(id: string, ...given: Given): Answer {
  const base = given.length === 1 ? HANDLER_DEFAULTS : {};
  return changeHandler(id, { ...base, ...checked(HANDLER_KEYS, given) });
}

/**
 * Sets the keys that are named and leaves the others. The value of `config` is put in place of the
 * old one, as Erlang does for a handler without `changing_config`.
 * Answers and throws as {@link setHandlerConfig}.
 */
export function updateHandlerConfig(id: string, config: HandlerChange): Answer;
export function updateHandlerConfig<Key extends keyof HandlerConfig>(
  id: string,
  key: Key,
  value: HandlerConfig[Key],
): Answer;
export function updateHandlerConfig(id: string, ...given: Given): Answer {
  return changeHandler(id, checked(HANDLER_KEYS, given));
}

function changeHandler(id: string, change: HandlerChange): Answer {
  const known = handlers.get(id);
  if (known === undefined) return notFound(id);
  if ('id' in change && change.id !== id) {
    return ['error', ['illegal_config_change', { id }, { id: change.id }]];
  }
  known.config = { ...known.config, ...change };
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

function alreadyExist(id: string): readonly ['error', readonly ['already_exist', string]] {
  return ['error', ['already_exist', id]];
}

function notFound(id: string): readonly ['error', readonly ['not_found', string]] {
  return ['error', ['not_found', id]];
}

/**
 * A configuration, or a key and its value, whose values are good.
 * @throws RangeError for what is no level, TypeError for another bad key or value
 */
function checked(keys: readonly string[], given: Given): object {
  const config: unknown = given.length === 1 ? given[0] : { [String(given[0])]: given[1] };
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw badArgument('logger', 'a configuration to be an object', config);
  }
  for (const [key, value] of Object.entries(config)) checkValue(keys, key, value);
  return config;
}

function checkValue(keys: readonly string[], key: string, value: unknown): void {
  if (!keys.includes(key)) {
    throw new TypeError(`expected one of ${keys.join(', ')} to be set, got ${key}`);
  }
  if (key === 'level') checkLimit(value);
  if (key === 'filterDefault' && value !== 'log' && value !== 'stop') {
    throw new TypeError(`expected filterDefault to be 'log' or 'stop', got ${String(value)}`);
  }
  if (key !== 'filters') return;
  if (!Array.isArray(value)) {
    throw new TypeError(`expected filters to be a list of [id, [function, argument]]`);
  }
  (value as Filters).forEach(checkFilter);
}

function checkFilter(given: readonly [id: string, filter: Filter]): void {
  const [id, filter] = given as readonly [unknown, readonly unknown[] | undefined];
  if (typeof id === 'string' && Array.isArray(filter) && typeof filter[0] === 'function') return;
  throw new TypeError('expected a filter to be an id and [function, argument]');
}
