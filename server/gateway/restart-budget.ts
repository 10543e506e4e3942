/**
 * How often something may be restarted within a time, counted as a supervisor does: entries within the period,
 * the current one included, must not exceed the intensity (OTP, `supervisor.erl`, add_restart).
 */
export class RestartBudget {
  readonly #intensity: number;
  readonly #periodMs: number;
  #restarts: number[] = [];

  constructor(options: { readonly intensity: number; readonly periodMs: number }) {
    this.#intensity = options.intensity;
    this.#periodMs = options.periodMs;
  }

  /** Counts a restart; false when it is one too many. */
  spend(nowMs: number): boolean {
    const since = nowMs - this.#periodMs;
    this.#restarts = this.#restarts.filter(at => at >= since);
    this.#restarts.push(nowMs);
    return this.#restarts.length <= this.#intensity;
  }
}
