/**
 * Links and monitors: who is told when a process dies, and who dies with it.
 *
 * Run it with `npm run build && node dist/examples/watching.js`.
 */
import { exit, isAlive, link, monitor, self, send, spawn } from '../actors/index.ts';
import type { Pid } from '../actors/index.ts';

/** Says what it gets; asked to, it watches another process. */
const watcher = spawn(message => {
  const { kind, pid, reason } = message as { kind: string; pid: Pid; reason?: unknown };
  if (kind === 'watch') monitor(pid);
  else console.log(`the watcher (${self()}) got ${kind} of ${pid}: ${String(reason)}`);
});

const worker = spawn(() => undefined);
const twin = spawn(() => {
  link(worker);
  // Both live or die together from here on.
  exit(worker, 'the work is done');
});

send(watcher, { kind: 'watch', pid: worker });
send(watcher, { kind: 'watch', pid: twin });
send(twin, 'go');

while (isAlive(twin)) await new Promise(resolve => setImmediate(resolve));
await new Promise(resolve => setImmediate(resolve));
