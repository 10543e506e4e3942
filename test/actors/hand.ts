import { send, spawn } from '../../actors/index.ts';
import type { Pid, SpawnOptions } from '../../actors/index.ts';

/** A process that runs each function it is sent, and keeps every other message. */
export function hand(options: SpawnOptions = {}): {
  readonly pid: Pid;
  readonly got: unknown[];
  run<T>(body: () => T | Promise<T>): Promise<T>;
} {
  const got: unknown[] = [];
  const pid = spawn(async message => {
    if (typeof message === 'function') await (message as () => unknown)();
    else got.push(message);
  }, options);
  const run = <T>(body: () => T | Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      send(pid, async () => {
        try {
          resolve(await body());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  return { pid, got, run };
}
