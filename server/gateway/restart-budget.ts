/**
 * How often something may be restarted within a time, counted as a supervisor does: entries within the period,
 * the current one included, must not exceed the intensity (OTP, `supervisor.erl`, add_restart).
 */
export class RestartBudget {
  readonly #intensity: number;
  readonly #periodMs: number;
  /** Undefined before the first one: nearly every connection has none. */
  #restarts: number[] | undefined = undefined;

  constructor(options: { readonly intensity: number; readonly periodMs: number }) {
    this.#intensity = options.intensity;
    this.#periodMs = options.periodMs;
  }

  /** Counts a restart; false when it is one too many. */
  spend(nowMs: number): boolean {
    const since = nowMs - this.#periodMs;
    const recent = this.#restarts?.filter(at => at >= since) ?? [];
    recent.push(nowMs);
    this.#restarts = recent;
    return recent.length <= this.#intensity;
  }
}
