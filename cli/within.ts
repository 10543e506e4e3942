/** Waiting for a promise, but not for ever. */

/** @throws (rejects) what `late` gives when `timeoutMs` are over, else as the promise does */
export async function within<T>(
  timeoutMs: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  const timer = startTimer(timeoutMs);
  const lateness = timer.over.then(() => {
    throw late();
  });
  try {
    return await Promise.race([promise, lateness]);
  } finally {
    timer.stop();
  }
}

/** @returns whether the promise was settled in time */
export async function settlesWithin(
  timeoutMs: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  const timer = startTimer(timeoutMs);
  const inTime = await Promise.race([promise.then(() => true), timer.over.then(() => false)]);
  timer.stop();
  return inTime;
}

function startTimer(timeoutMs: number): { over: Promise<void>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>(resolve => {
    timer = setTimeout(resolve, timeoutMs);
  });
  return { over, stop: () => clearTimeout(timer) };
}
