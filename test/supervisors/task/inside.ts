import { reasonOf, send, spawn } from '../../../actors/index.ts';
import type { Pid } from '../../../actors/index.ts';

export interface Inside<T> {
  readonly pid: Pid;
  /** What the code came to; rejects with what it threw. Never settles when the process died before. */
  readonly result: Promise<T>;
}

/** Runs code in a process of its own, as a handler that the process awaits. */
export function inside<T>(code: () => Promise<T>, options: { trapExit?: boolean } = {}): Inside<T> {
  let pid: Pid | undefined;
  const result = new Promise<T>((resolve, reject) => {
    pid = spawn(async () => {
      await code().then(resolve, reject);
    }, options);
    send(pid, 'go');
  });
  return { pid: pid as Pid, result };
}

/** The exit reason that the code ended with. */
export async function exitOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return reasonOf(thrown);
  }
  return 'no exit';
}
