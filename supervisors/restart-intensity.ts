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

/** The restarts that still count with the new one, oldest first, and whether it is allowed. */
export interface Verdict {
  readonly restarts: readonly number[];
  readonly allowed: boolean;
}

export function addRestart(
  restarts: readonly number[],
  nowSeconds: number,
  { intensity, period }: Intensity,
): Verdict {
  const recent = restarts.filter(second => second >= nowSeconds - period);
  recent.push(nowSeconds);
  return { restarts: recent, allowed: recent.length <= intensity };
}
