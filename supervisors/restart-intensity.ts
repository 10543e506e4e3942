/**
 * How many restarts a supervisor allows, exactly as `supervisor.erl` counts them in `add_restart/1`:
 * whole monotonic seconds; what is `period` seconds old still counts; the new one counts as well.
 */
export interface Intensity {
  /** Restarts allowed … */
  readonly intensity: number;
  /** … within this many seconds. */
  readonly period: number;
}

/**
 * The restarts that still count with the new one, oldest first, and whether it is allowed.
 */
export interface Verdict {
  readonly restarts: number[];
  readonly allowed: boolean;
}

/**
 * Counts one more restart. The list that was given is used up: what comes back may be the same one,
 * longer by one, so that a restart costs the same however many are allowed. It is copied only when
 * the clock has left something behind, which is at most once a second.
 */
export function addRestart(
  restarts: number[],
  nowSeconds: number,
  { intensity, period }: Intensity,
): Verdict {
  let expired = 0;
  while ((restarts[expired] ?? Infinity) < nowSeconds - period) expired += 1;
  const recent = expired > 0 || restarts.length === 0 ? restarts.slice(expired) : restarts;
  recent.push(nowSeconds);
  return { restarts: recent, allowed: recent.length <= intensity };
}
