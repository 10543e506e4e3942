/** The first signal to end stops something in good order, the next one ends the process at once. */

/** Those that say so; a server takes SIGHUP for something else. */
export type EndingSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** What of `process` is used. */
export interface SignalSource {
  on(signal: EndingSignal, listener: (signal: string, number: number) => void): unknown;
  exit(code: number): void;
}

export interface Stopping {
  /** Null until the first signal; then what `stop` has returned. */
  readonly done: Promise<void> | null;
}

/** Repeated sooner it comes from the same key: a parent that passes signals on doubles what the terminal sends to all. */
const sameKeyMs = 500;

/**
 * @param stop is given the exit code that says which signal it was
 * @param now milliseconds of a clock that never goes back
 * @param signals SIGHUP with them for what is over when its terminal is closed
 */
export function stopOnSignal(
  stop: (exitCode: number) => Promise<void>,
  source: SignalSource = process,
  now: () => number = () => performance.now(),
  signals: readonly EndingSignal[] = ['SIGTERM', 'SIGINT'],
): Stopping {
  const stopping: { done: Promise<void> | null } = { done: null };
  let begunAt = 0;
  const onSignal = (_signal: string, number: number): void => {
    if (stopping.done === null) {
      begunAt = now();
      stopping.done = stop(128 + number);
    } else if (now() - begunAt > sameKeyMs) source.exit(128 + number);
  };
  for (const signal of signals) source.on(signal, onSignal);
  return stopping;
}
