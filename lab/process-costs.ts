/** What a process and each of its threads have cost so far, from Linux' /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

export interface ThreadCpu {
  /** The thread's id; the main thread has the process's. */
  readonly thread: number;
  /** As the program called it; Node calls most of its threads `node`. */
  readonly name: string;
  readonly seconds: number;
  /** How long it was ready to run and another thread had the processor. */
  readonly waitedSeconds: number;
}

/** @throws Error where there is no such process, or no /proc */
export function cpuOfThreads(pid: number): ThreadCpu[] {
  const threads: ThreadCpu[] = [];
  for (const entry of readdirSync(`/proc/${pid}/task`)) {
    const schedule = readOrNull(`/proc/${pid}/task/${entry}/schedstat`);
    const name = readOrNull(`/proc/${pid}/task/${entry}/comm`);
    // A thread may end between the listing and the reading.
    if (schedule === null || name === null) continue;
    const [ran = 0, waited = 0] = schedule.split(' ').map(Number);
    threads.push({
      thread: Number(entry),
      name: name.trim(),
      seconds: ran / 1e9,
      waitedSeconds: waited / 1e9,
    });
  }
  return threads;
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/** What each thread has cost between two readings; threads of which only the second knows count from their start. */
export function cpuBetween(before: readonly ThreadCpu[], after: readonly ThreadCpu[]): ThreadCpu[] {
  const earlier = new Map(before.map(each => [each.thread, each]));
  return after.map(({ thread, name, seconds, waitedSeconds }) => ({
    thread,
    name,
    seconds: seconds - (earlier.get(thread)?.seconds ?? 0),
    waitedSeconds: waitedSeconds - (earlier.get(thread)?.waitedSeconds ?? 0),
  }));
}

export const totalSeconds = (threads: readonly ThreadCpu[]): number =>
  threads.reduce((sum, { seconds }) => sum + seconds, 0);

/** Bytes that a process has had written to disks so far. @throws Error where there is no such process, or no /proc */
export function writtenBytes(pid: number): number {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? NaN);
}
