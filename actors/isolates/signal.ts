/**
 * What crosses between isolates: the signals of Erlang's distribution protocol (`erl_dist_protocol`)
 * as small arrays of plain data. A batch is an array of them, in the order in which they were sent.
 *
 * Both ends run the same program, so what arrives is trusted.
 */
import type { ExitReason } from '../exit.ts';
import type { Name, Pid } from '../pid.ts';

export const ops = {
  send: 0,
  offer: 1,
  cast: 2,
  call: 3,
  system: 4,
  reply: 5,
  monitor: 6,
  demonitor: 7,
  down: 8,
  link: 9,
  unlink: 10,
  unlinked: 11,
  linkExit: 12,
  exit: 13,
} as const;

/** Added to the op when the last element holds escapes, see `escape.ts`. */
export const ESCAPED = 16;

/** Who asks: 0 when the caller is no process. */
type Caller = Pid | 0;
/** A process, or the name of one there. */
export type Target = Pid | Name;

export type Signal =
  | readonly [op: typeof ops.send | typeof ops.offer | typeof ops.cast, to: Target, body: unknown]
  | readonly [
      op: typeof ops.call | typeof ops.system,
      to: Target,
      from: Caller,
      ref: number,
      request: unknown,
    ]
  | readonly [op: typeof ops.reply, ref: number, value: unknown]
  | readonly [op: typeof ops.monitor, watcher: Pid, ref: number, to: Target]
  | readonly [op: typeof ops.demonitor, ref: number]
  | readonly [op: typeof ops.down, ref: number, pid: Pid | undefined, reason: ExitReason]
  | readonly [op: typeof ops.link, from: Pid, to: Pid]
  | readonly [op: typeof ops.unlink | typeof ops.unlinked, from: Pid, to: Pid, id: number]
  | readonly [op: typeof ops.linkExit | typeof ops.exit, from: Pid, to: Pid, reason: ExitReason];
