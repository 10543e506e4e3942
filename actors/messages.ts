/** The messages that the runtime itself puts into a mailbox. */
import type { ExitReason } from './exit.ts';
import type { MonitorRef, Name, Pid } from './pid.ts';

/** An exit signal, as a process that traps exits sees it. */
export interface ExitMessage {
  readonly kind: 'EXIT';
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** A monitored process died, or was dead already (`'noproc'`). */
export interface DownMessage {
  readonly kind: 'DOWN';
  readonly ref: MonitorRef;
  /** Undefined when a name was monitored that nobody had. */
  readonly pid: Pid | undefined;
  readonly reason: ExitReason;
  /** The name, when a name was monitored. */
  readonly name?: Name;
}

/** A server's own timeout ran out before a message came. */
export interface TimeoutMessage {
  readonly kind: 'timeout';
}
