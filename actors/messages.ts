/** The messages that the runtime itself puts into a mailbox. */
import type { ExitReason } from './exit.ts';
import type { MonitorRef, Name, Pid } from './pid.ts';
import type { Via } from './via-name.ts';

/** An exit signal, as a process that traps exits sees it. */
export interface ExitMessage {
  readonly kind: 'EXIT';
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/**
 * A monitored process died, was dead already (`'noproc'`), or its isolate is gone
 * (`'noconnection'`).
 */
export interface DownMessage {
  readonly kind: 'DOWN';
  readonly ref: MonitorRef;
  /** Undefined when a name was monitored that nobody had, or behind which nobody was seen. */
  readonly pid: Pid | undefined;
  readonly reason: ExitReason;
  /** The name, when a name was monitored. */
  readonly name?: Name;
  /** The via name, when one was monitored. */
  readonly via?: Via;
  /** The isolate that a name was monitored in, when it was monitored by `at(name, isolate)`. */
  readonly isolate?: number;
}

/** A server's own timeout ran out before a message came. */
export interface TimeoutMessage {
  readonly kind: 'timeout';
}
