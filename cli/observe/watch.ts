/** Looks again and again until it is enough, also while the server is away. */
import { setTimeout as wait } from 'node:timers/promises';

export interface WatchOptions<Seen> {
  readonly look: () => Promise<Seen>;
  readonly show: (seen: Seen) => Promise<void> | void;
  /** A look that failed for now: it is shown, and tried again. Else it rejects. */
  readonly isPassing: (error: unknown) => boolean;
  readonly showFailure: (error: unknown) => void;
  readonly everyMs: number;
  /** Aborted when it is enough. */
  readonly enough: AbortSignal;
}

/** @throws (rejects) what is not passing */
export async function watch<Seen>(options: WatchOptions<Seen>): Promise<void> {
  const { look, show, isPassing, showFailure, everyMs, enough } = options;
  while (!enough.aborted) {
    try {
      await show(await look());
    } catch (error) {
      if (!isPassing(error)) throw error;
      showFailure(error);
    }
    await wait(everyMs, undefined, { signal: enough }).catch(ignoreAbort);
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}

/** Aborted by the key q, or by what else a person says in order to end it. */
export function untilQuit(
  input: NodeJS.ReadStream = process.stdin,
  signals: Pick<NodeJS.Process, 'once'> = process,
): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  signals.once('SIGINT', end);
  signals.once('SIGTERM', end);
  if (input.isTTY) {
    // In this mode Ctrl-C is a key like any other.
    input.setRawMode(true);
    input.on('data', (keys: Buffer) => {
      if (/[qQ\u0003\u0004]/.test(keys.toString('latin1'))) end();
    });
    controller.signal.addEventListener('abort', () => {
      input.setRawMode(false);
      input.pause();
    });
  }
  return controller.signal;
}
