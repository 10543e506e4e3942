/** Reading actions: which values are lists of them, and which are timeouts. */
import { isTimeoutType } from './events.ts';
import type { TimeoutRequest } from './timeouts.ts';
import type { TimeoutType } from './types.ts';

/** Actions that are tuples: one of these alone is an action, not a list that begins with it. */
const TUPLE_TAGS = new Set<unknown>([
  'reply',
  'next_event',
  'timeout',
  'state_timeout',
  'change_callback_module',
  'push_callback_module',
]);

/** Actions that are atoms; the first two are tuples with a boolean as well. */
const ATOMS = new Set<unknown>(['postpone', 'hibernate', 'pop_callback_module', 'infinity']);

/**
 * One action as a list of one. Erlang tells a tuple from a list; here both are arrays, so an array
 * is one action when it begins as a tuple does: with the tag of one, with `postpone` or `hibernate`
 * and a boolean, or with the name of a timeout. (A timeout named `cancel` has to stand in a list.)
 */
export function listOf(actions: unknown): readonly unknown[] {
  if (!Array.isArray(actions)) return [actions];
  const list = actions as readonly unknown[];
  const first = list[0];
  if (TUPLE_TAGS.has(first)) return [list];
  if (typeof first === 'string') {
    if (!ATOMS.has(first)) return list.length > 1 ? [list] : list;
    return list.length === 2 && typeof list[1] === 'boolean' ? [list] : list;
  }
  return isNamedTimeout(first) && TIMES.has(typeof list[1]) ? [list] : list;
}

/** A time, or `update` or `cancel` in its place. */
const TIMES: ReadonlySet<string> = new Set(['number', 'string']);

/** `['timeout', name]`, which an action begins with; `['timeout', 'cancel']` is an action itself. */
function isNamedTimeout(first: unknown): boolean {
  return (
    Array.isArray(first) && first.length === 2 && first[0] === 'timeout' && first[1] !== 'cancel'
  );
}

/** What a timeout action asks for; undefined when it is none, or a bad one. */
export function timeoutOf(action: unknown): TimeoutRequest | undefined {
  if (!Array.isArray(action)) {
    return isDistance(action) ? request('timeout', action, action, false) : undefined;
  }
  const [type, time, content, options] = action as readonly unknown[];
  if (!isTimeoutType(type)) return undefined;
  switch (action.length) {
    case 2:
      return time === 'cancel' ? request(type, Infinity, undefined, false) : undefined;
    case 3:
      return time === 'update' || isDistance(time)
        ? request(type, time, content, false)
        : undefined;
    case 4: {
      const absolute = isAbsolute(options);
      if (absolute === undefined) return undefined;
      const good = absolute ? isPoint(time) : isDistance(time);
      return good ? request(type, time, content, absolute) : undefined;
    }
    default:
      return undefined;
  }
}

function request(
  type: unknown,
  time: unknown,
  content: unknown,
  absolute: boolean,
): TimeoutRequest {
  return {
    type: type as TimeoutType,
    time: time === 'infinity' ? Infinity : (time as number | 'update'),
    content,
    absolute,
  };
}

function isDistance(time: unknown): boolean {
  return time === 'infinity' || (typeof time === 'number' && time >= 0);
}

function isPoint(time: unknown): boolean {
  return time === 'infinity' || (typeof time === 'number' && time > -Infinity);
}

/** Of a list the last option counts; undefined when there is one that is none. */
function isAbsolute(options: unknown): boolean | undefined {
  if (!Array.isArray(options)) return absOf(options);
  if (options[0] === 'abs') return absOf(options);
  let absolute: boolean | undefined = false;
  for (const option of options as readonly unknown[]) {
    if (absolute !== undefined) absolute = absOf(option);
  }
  return absolute;
}

function absOf(option: unknown): boolean | undefined {
  let abs: unknown;
  if (Array.isArray(option))
    abs = option.length === 2 && option[0] === 'abs' ? option[1] : undefined;
  else if (typeof option === 'object' && option !== null) abs = (option as { abs?: unknown }).abs;
  return typeof abs === 'boolean' ? abs : undefined;
}
