/** Reads from a server's log which of its isolates were ended, and when: the reports of their supervisor. */

export class EndedIsolates {
  readonly #seen: { readonly isolate: number; readonly at: number }[] = [];
  #look: () => void = () => undefined;

  /** @param line of the log: JSON, or something that is not about isolates */
  read(line: string): void {
    if (!line.includes('"child_terminated"')) return;
    const { offender, time } = JSON.parse(line) as { offender?: { id?: unknown }; time: string };
    const isolate = Number(/^isolate\.(\d+)$/.exec(String(offender?.id))?.[1] ?? NaN);
    if (Number.isNaN(isolate)) return;
    this.#seen.push({ isolate, at: Date.parse(time) });
    this.#look();
  }

  /**
   * The next end of an isolate from now on.
   * @returns when it was reported: milliseconds since 1970
   * @throws (rejects) Error when there is none in time
   */
  next(isolate: number, timeoutMs: number): Promise<number> {
    const known = this.#seen.length;
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`isolate ${isolate} was not ended within ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#look = () => {
        const found = this.#seen.slice(known).find(each => each.isolate === isolate);
        if (found === undefined) return;
        this.#look = () => undefined;
        clearTimeout(late);
        resolve(found.at);
      };
    });
  }
}
