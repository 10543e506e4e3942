/** What the runtime keeps for each process. Plain data: the rules are in the files beside it. */
import type { Ref } from 'nact';
import { Mailbox } from './mailbox.ts';
import type { ExitReason } from './exit.ts';
import type { MonitorRef, Name, Pid } from './pid.ts';
import type { SmallSet } from './small-set.ts';

/** How a process meets its messages. A throw, or a rejected promise, is the process's exit. */
export interface Behaviour {
  /** One ordinary message. While the promise is pending no other one is handled. */
  handle(message: unknown): void | Promise<void>;
  /** One system message (a `sys` call); it comes ahead of ordinary ones. */
  handleSystem?(message: unknown): void | Promise<void>;
  /** What the crash report may say of the process's last moments. */
  describe?(): Readonly<Record<string, unknown>>;
}

/** Somebody who is told once when a process dies. */
export interface Watcher {
  targetDied(target: Process, reason: ExitReason): void;
}

/** Something that a process holds and that has to be undone when it dies. */
export interface Holding {
  release(): void;
}

export class Process {
  readonly pid: Pid;
  readonly label: string;
  readonly parent: Pid | undefined;
  /** The process's parent, its parent's parent, and so on: one array shared by all siblings. */
  readonly ancestors: readonly Ancestor[];
  readonly mailbox = new Mailbox();
  readonly mailboxLimit: number;

  name: Name | undefined = undefined;
  /** Names and pids that this process's children have for ancestors; made for the first child. */
  lineage: readonly Ancestor[] | undefined = undefined;
  // eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- nact's references are opaque
  actor: Ref<boolean> | undefined = undefined;
  behaviour: Behaviour | undefined = undefined;

  alive = true;
  exitReason: ExitReason = undefined;
  /** Set while `init` has not returned: the starter waits, and gets a value instead of a signal. */
  starting = false;
  trapExit: boolean;
  /** A nact turn is on its way. */
  scheduled = false;
  /** A handler's promise is pending, or `init`'s. */
  busy = false;
  /** Only system messages are handled. */
  suspended = false;

  /** Goes ahead of every message: a `continue`. */
  urgent: unknown = undefined;
  /** System messages; made for the first one. */
  system: unknown[] | undefined = undefined;

  links: SmallSet<Pid> = undefined;
  watchers: SmallSet<Watcher> = undefined;
  monitors: Map<MonitorRef, Holding> | undefined = undefined;
  holdings: SmallSet<Holding> = undefined;
  abort: AbortController | undefined = undefined;

  /** Messages handled since the last nact turn began. */
  handledThisTurn = 0;
  handled = 0;
  handlerMicros = 0;

  constructor(
    pid: Pid,
    label: string,
    parent: Process | undefined,
    trapExit: boolean,
    mailboxLimit: number,
  ) {
    this.pid = pid;
    this.label = label;
    this.parent = parent?.pid;
    this.ancestors = parent === undefined ? [] : lineageOf(parent);
    this.trapExit = trapExit;
    this.mailboxLimit = mailboxLimit;
  }
}

/** A registered name where there is one, else a pid, as in OTP's reports. */
export type Ancestor = Pid | Name;

function lineageOf(parent: Process): readonly Ancestor[] {
  parent.lineage ??= [parent.name ?? parent.pid, ...parent.ancestors];
  return parent.lineage;
}
