import type { ChildProcess } from 'node:child_process';

/** Kills a child when this process exits before it, however that comes: nothing that was started is left behind. */
export function endWithUs(child: ChildProcess): void {
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.on('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}
