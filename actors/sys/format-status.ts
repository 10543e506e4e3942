/**
 * What a module's `formatStatus` lets people see of it, when they ask and when it crashes:
 * `gen.erl`, `format_status/4`.
 */
import type { ExitReason } from '../exit.ts';
import type { SystemEvent } from './system-event.ts';

/** What there is to see; `message` and `reason` only of a crash. */
export interface Status<State = unknown> {
  readonly state: State;
  readonly message?: unknown;
  readonly reason?: ExitReason;
  /** The events that `sys.log` kept. */
  readonly log: readonly SystemEvent[];
}

/** What is shown instead, of the parts that are named. */
export type ShownStatus = Readonly<Partial<Record<keyof Status, unknown>>>;

export interface FormatsStatus {
  readonly name?: string;
  formatStatus?(status: Status): unknown;
}

/**
 * What the module shows; undefined when it has no `formatStatus`. One that fails, or answers
 * something else, is no reason to fail: a sentence about it stands in place of the state.
 */
export function shownBy(module: FormatsStatus, status: Status): ShownStatus | undefined {
  if (module.formatStatus === undefined) return undefined;
  const callback = `${module.name ?? 'the module'}:formatStatus/1`;
  let shown: unknown;
  try {
    shown = module.formatStatus(status);
  } catch {
    return { state: `${callback} crashed` };
  }
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) {
    return { state: `${callback} did not return a map` };
  }
  if (Object.keys(shown).some(key => !(key in status))) {
    return { state: `${callback} returned a map with unknown keys` };
  }
  return shown;
}
