/** Nothing that was started is left behind, however the one that started it ends. */
import { spawn, type ChildProcess } from 'node:child_process';

/**
 * A process of its own, which outlives ours: its `read` fails when our end of the pipe is closed, and the system closes
 * it whatever has ended us. A line says that there is nothing left to do. What is being killed may still be writing.
 */
const watchman = `
read -r over && exit
kill -9 "$1"
[ -n "$2" ] || exit
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  rm -rf -- "$2" && exit
  sleep 0.1
done`;

/**
 * Kills a child when this process ends before it, be it by `kill -9`.
 * @param directory goes with the child, for who is killed cannot remove it; a child that ends by itself leaves it to us
 */
export function endWithUs(child: ChildProcess, directory = ''): void {
  // Who could not be started has said so with an event.
  if (child.pid === undefined) return;
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.on('exit', kill);
  const watching = spawn('/bin/sh', ['-c', watchman, 'sh', String(child.pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a group of its own: what a terminal or a parent sends to all of ours is not for it.
    detached: true,
  });
  watching.unref();
  // Of a watchman who was killed himself nothing is wanted any more.
  watching.stdin.on('error', () => undefined);
  child.once('exit', () => {
    process.off('exit', kill);
    watching.stdin.end('over\n');
  });
}
