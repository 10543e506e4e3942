/** What the runtime keeps for each process. Plain data: the rules are in the files beside it. */
import { Mailbox } from './mailbox.ts';
import type { ExitReason } from './exit.ts';
import type { MonitorTable } from './monitor-table.ts';
import type { Name, Pid } from './pid.ts';
import type { SmallSet } from './small-set.ts';
import type { Debug } from './sys/debug.ts';
import { turnTimesOf } from './turn-times.ts';
import type { TurnTimes } from './turn-times.ts';

/** How a process meets its messages. A throw, or a rejected promise, is the process's exit. */
export interface Behaviour {
  /** One ordinary message. While the promise is pending no other one is handled. */
  handle(message: unknown): void | Promise<void>;
  /** A system message (a `sys` call, a `continue`); it comes ahead of ordinary ones. */
  handleSystem(message: unknown): void | Promise<void>;
  /** What a look at the process, and a crash report, may say of it: no message, no state. */
  describe?(): Readonly<Record<string, unknown>>;
  /** What a crash report says besides, where the module lets it be seen. */
  describeCrash?(reason: ExitReason): Readonly<Record<string, unknown>> | undefined;
  /** The process is dead: what is held for it is let go. */
  release?(): void;
}

/** Somebody who is told once when a process dies. */
export interface Watcher {
  /** The process that watches; undefined when nobody's code does, but a caller outside. */
  readonly watcherPid: Pid | undefined;
  targetDied(target: Process, reason: ExitReason): void;
}

/** Something that a process holds and that has to be undone when it dies. */
export interface Holding {
  release(): void;
}

const TRAPS_EXIT = 1;
const SUSPENDED = 2;
const OBEYS_PARENT = 4;

export class Process {
  readonly pid: Pid;
  readonly label: string;
  /** Who started it. */
  readonly parent: Pid | undefined;
  /** The process's parent, its parent's parent, and so on: one array shared by all siblings. */
  readonly ancestors: readonly Ancestor[];
  readonly mailbox = new Mailbox();
  readonly mailboxLimit: number;

  phase: Phase = 'idle';
  /** What is either so or not: one word for all of it, as there are many processes. */
  #flags = 0;
  /** On whose behalf it runs: decides which version of its code it gets while there is a canary. */
  codeKey: string | undefined = undefined;
  name: Name | undefined = undefined;
  exitReason: ExitReason = undefined;
  behaviour: Behaviour | undefined = undefined;
  /** What `sys` has asked to see of it; nearly always nothing. */
  debug: Debug | undefined = undefined;
  /** System messages and what else goes ahead of the mailbox; made for the first one. */
  system: unknown[] | undefined = undefined;

  links: SmallSet<Pid> = undefined;
  watchers: SmallSet<Watcher> = undefined;
  monitors: MonitorTable = undefined;
  holdings: SmallSet<Holding> = undefined;

  callbacks = 0;
  /** Whole microseconds: a fraction would be a number on the heap. */
  handlerMicros = 0;
  /** What all processes of this label used, together. */
  readonly times: TurnTimes;

  constructor(
    pid: Pid,
    label: string,
    parent: Process | Pid | undefined,
    trapExit: boolean,
    mailboxLimit: number,
  ) {
    this.pid = pid;
    this.label = label;
    this.times = turnTimesOf(label);
    this.parent = typeof parent === 'number' ? parent : parent?.pid;
    this.ancestors = ancestorsUnder(parent);
    this.trapExit = trapExit;
    this.mailboxLimit = mailboxLimit;
  }

  get alive(): boolean {
    return this.phase !== 'dead';
  }

  get trapExit(): boolean {
    return (this.#flags & TRAPS_EXIT) !== 0;
  }

  set trapExit(on: boolean) {
    this.#flags = on ? this.#flags | TRAPS_EXIT : this.#flags & ~TRAPS_EXIT;
  }

  /** Only system messages are handled. */
  get suspended(): boolean {
    return (this.#flags & SUSPENDED) !== 0;
  }

  set suspended(on: boolean) {
    this.#flags = on ? this.#flags | SUSPENDED : this.#flags & ~SUSPENDED;
  }

  /** Whose EXIT it obeys, once it is a server: its parent's, or its own when it was not linked to one. */
  get obeys(): Pid {
    return (this.#flags & OBEYS_PARENT) === 0 ? this.pid : (this.parent ?? this.pid);
  }

  /** It was started linked. */
  obeyParent(): void {
    this.#flags |= OBEYS_PARENT;
  }
}

/**
 * Where a process is in its life:
 * - `starting`: `init` has not returned. The starter gets a value instead of a signal if it fails.
 * - `idle`: nothing to do; the next message asks for a turn.
 * - `scheduled`: it stands in the run queue.
 * - `running`: inside its turn.
 * - `awaiting`: a handler's promise is pending; what comes waits for it.
 * - `dead`.
 */
export type Phase = 'starting' | 'idle' | 'scheduled' | 'running' | 'awaiting' | 'dead';

/** A registered name where there is one, else a pid, as in OTP's reports. */
export type Ancestor = Pid | Name;

/** What a process's children have for ancestors; a map, because few processes have children. */
const lineages = new WeakMap<Process, readonly Ancestor[]>();

/** Of a parent in another isolate no more is known than its pid. */
function ancestorsUnder(parent: Process | Pid | undefined): readonly Ancestor[] {
  if (parent === undefined) return [];
  return typeof parent === 'number' ? [parent] : lineageOf(parent);
}

function lineageOf(parent: Process): readonly Ancestor[] {
  const known = lineages.get(parent);
  if (known !== undefined) return known;
  const lineage = [parent.name ?? parent.pid, ...parent.ancestors];
  lineages.set(parent, lineage);
  return lineage;
}
