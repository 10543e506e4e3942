/** Whether Erlang is installed: ejabberd stands on it, and a benchmark compares with it. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** True when `erl` can be run here. */
export async function erlangIsInstalled(): Promise<boolean> {
  try {
    // It looks for code where it is started, and complains where it may not: not in a directory that it may not read.
    await run('erl', ['-noshell', '-eval', 'halt(0).'], { cwd: tmpdir() });
    return true;
  } catch {
    // No such command, or one that does not run: who asks does without.
    return false;
  }
}
