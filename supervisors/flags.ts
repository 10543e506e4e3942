/** A supervisor's flags: defaults and checks, with the tags of `supervisor.erl`, `check_flags/1`. */
import type { TimeLimit } from '../actors/time-limit.ts';
import type { Intensity } from './restart-intensity.ts';

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

export interface SupervisorFlags {
  /** Default `one_for_one`. */
  readonly strategy?: Strategy;
  /** Restarts allowed within the period; default 1. */
  readonly intensity?: number;
  /** Seconds; default 5. */
  readonly period?: number;
  /**
   * Whether the end of significant children ends the supervisor; default `never`, which is all that
   * simple_one_for_one may say.
   */
  readonly autoShutdown?: AutoShutdown;
  /**
   * Milliseconds of silence after which it hibernates (OTP 28). Checked, and without effect: a
   * process here has no heap of its own to shrink. Default `'infinity'`.
   */
  readonly hibernateAfter?: TimeLimit;
  /**
   * Ours, not OTP's. With `'child'` each child has a budget of its own; a child past it is given up
   * (reported and removed) and the supervisor lives. Default `'supervisor'`.
   */
  readonly intensityPer?: 'supervisor' | 'child';
}

export type Flags = Required<SupervisorFlags>;

/** Flags with defaults, or why they are refused. */
export function checkFlags(given: SupervisorFlags): { flags: Flags } | { error: unknown } {
  if (typeof given !== 'object' || (given as unknown) === null || Array.isArray(given)) {
    return { error: ['invalid_type', given] };
  }
  // A default stands for what is missing, not for null, which is none of the values.
  const { strategy = 'one_for_one', intensity = 1, period = 5, autoShutdown = 'never' } = given;
  const { hibernateAfter = 'infinity', intensityPer = 'supervisor' } = given;
  const flags: Flags = {
    strategy,
    intensity,
    period,
    autoShutdown,
    hibernateAfter,
    intensityPer,
  };
  const error = badFlag(flags);
  return error === undefined ? { flags } : { error };
}

const STRATEGIES: readonly unknown[] = [
  'one_for_one',
  'one_for_all',
  'rest_for_one',
  'simple_one_for_one',
];
const AUTO_SHUTDOWNS: readonly unknown[] = ['never', 'any_significant', 'all_significant'];

function badFlag(flags: Flags): unknown {
  const { strategy, autoShutdown, hibernateAfter, intensityPer } = flags;
  if (!STRATEGIES.includes(strategy)) return ['invalid_strategy', strategy];
  const intensity = badIntensity(flags);
  if (intensity !== undefined) return intensity;
  if (!AUTO_SHUTDOWNS.includes(autoShutdown)) return ['invalid_auto_shutdown', autoShutdown];
  if (strategy === 'simple_one_for_one' && autoShutdown !== 'never') {
    return badCombination(['auto_shutdown', autoShutdown], ['strategy', strategy]);
  }
  if (!isTimeLimit(hibernateAfter)) return ['invalid_hibernate_after', hibernateAfter];
  if (!['supervisor', 'child'].includes(intensityPer))
    return ['invalid_intensity_per', intensityPer];
  if (intensityPer === 'child' && (strategy === 'one_for_all' || strategy === 'rest_for_one')) {
    // Giving up one child of a group that lives and dies together would leave the others wrong.
    return badCombination(['intensity_per', intensityPer], ['strategy', strategy]);
  }
  return undefined;
}

/** Whole milliseconds, or without end. */
function isTimeLimit(value: unknown): boolean {
  if (value === 'infinity' || value === Infinity) return true;
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function badIntensity({ intensity, period }: Intensity): unknown {
  if (!Number.isSafeInteger(intensity) || intensity < 0) return ['invalid_intensity', intensity];
  if (!Number.isSafeInteger(period) || period <= 0) return ['invalid_period', period];
  return undefined;
}

export function badCombination(...values: readonly (readonly [string, unknown])[]): unknown {
  return ['bad_combination', values];
}
