/** Filters of the primary configuration and of handlers: `logger.erl`, `apply_filters/4`. */
import type { LogEvent } from './event.ts';

/** The event, perhaps changed: it is logged. `'stop'`: it is not. `'ignore'`: others decide. */
export type FilterResult = LogEvent | 'stop' | 'ignore';

export type Filter = readonly [
  run: (event: LogEvent, argument: unknown) => FilterResult,
  argument: unknown,
];

export type Filters = readonly (readonly [id: string, filter: Filter])[];

export type FilterDefault = 'log' | 'stop';

/**
 * The event as it leaves the filters; undefined when it is not to be logged.
 * @param failed is told of a filter that threw or answered nonsense; it counts as `'ignore'`
 */
export function passFilters(
  event: LogEvent,
  filters: Filters,
  filterDefault: FilterDefault,
  failed: (id: string, thrown: unknown) => void,
): LogEvent | undefined {
  let passing = event;
  let verdict = filterDefault;
  for (const [id, [run, argument]] of filters) {
    let result: FilterResult;
    try {
      result = run(passing, argument);
      if (!isResult(result)) throw new TypeError(`a filter answered ${String(result)}`);
    } catch (thrown) {
      failed(id, thrown);
      continue;
    }
    if (result === 'stop') return undefined;
    if (result === 'ignore') continue;
    passing = result;
    verdict = 'log';
  }
  return verdict === 'log' ? passing : undefined;
}

function isResult(result: unknown): result is FilterResult {
  if (result === 'stop' || result === 'ignore') return true;
  return typeof result === 'object' && result !== null && 'level' in result && 'report' in result;
}

/** The list with the filter in it, `undefined` when there is one with this id. */
export function withFilter(filters: Filters, id: string, filter: Filter): Filters | undefined {
  if (filters.some(([other]) => other === id)) return undefined;
  return [...filters, [id, filter]];
}

/** The list without the filter, `undefined` when there is none with this id. */
export function withoutFilter(filters: Filters, id: string): Filters | undefined {
  const left = filters.filter(([other]) => other !== id);
  return left.length === filters.length ? undefined : left;
}
