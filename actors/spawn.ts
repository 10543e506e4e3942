/** Making processes. */
import { badArgument, requireOptions, shown } from './bad-argument.ts';
import { callingProcess } from './context.ts';
import { ownDetachedRejections } from './detached.ts';
import { describeReason, reasonOf } from './exit.ts';
import { takeTurn } from './drain.ts';
import { makePid } from './pid.ts';
import { requireStartName, takeName, whereis } from './names.ts';
import type { MonitorRef, Pid } from './pid.ts';
import { enterProcess } from './process-table.ts';
import { Process } from './process.ts';
import type { Behaviour } from './process.ts';
import { linkProcesses, monitorProcess } from './links.ts';
import type { StartName } from './server-ref.ts';
import { die, wake } from './signals.ts';
import { SystemMessage } from './sys/system-message.ts';
import { openTurns } from './turns.ts';

/** What a behaviour can be started with besides. */
export interface CreateOptions extends SpawnOptions {
  /** Who stands as its parent when that is a process of another isolate and not the caller. */
  readonly parent?: Pid;
  /** On whose behalf it runs, such as a user's name: see `code`. */
  readonly codeKey?: string | undefined;
  /** Only where it stands in for a process that is no more: that one's pid, which nobody else has. */
  readonly pid?: Pid;
}

export interface SpawnOptions {
  /** Registers the process under this name, or has a via module do so. */
  readonly name?: StartName;
  /** Links it to the calling process. */
  readonly link?: boolean;
  readonly trapExit?: boolean;
  /** Messages that may wait; default 10,000. Past it `offer` refuses, and `send` ends the process. */
  readonly mailboxLimit?: number;
  /** What reports call it; default the handler's name. */
  readonly label?: string;
}

/** Handles one message; while its promise is pending no further one is handled. */
export type MessageHandler = (message: unknown) => void | Promise<void>;

export const DEFAULT_MAILBOX_LIMIT = 10_000;

/** Starts a bare process: a function that is called for each message. */
export function spawn(handler: MessageHandler, options: SpawnOptions = {}): Pid {
  return spawnProcess(handler, options).pid;
}

/** As {@link spawn}, linked to the calling process. */
export function spawnLink(handler: MessageHandler, options: SpawnOptions = {}): Pid {
  requireOptions('spawnLink()', options);
  return spawnProcess(handler, { ...options, link: true }).pid;
}

/** As {@link spawn}, monitored by the calling process. */
export function spawnMonitor(
  handler: MessageHandler,
  options: SpawnOptions = {},
): [Pid, MonitorRef] {
  const process = spawnProcess(handler, options);
  return [process.pid, monitorProcess(process, 'spawnMonitor()')];
}

/** A bare process is no behaviour: it refuses system messages. */
export class Bare implements Behaviour {
  readonly handle: MessageHandler;

  constructor(handler: MessageHandler) {
    this.handle = handler;
  }

  handleSystem(message: unknown): void {
    if (message instanceof SystemMessage) message.refuse('not_a_behaviour');
  }
}

function spawnProcess(handler: MessageHandler, options: SpawnOptions): Process {
  if (typeof handler !== 'function') {
    throw new TypeError(`spawn() expects a handler function, got ${typeof handler}`);
  }
  requireOptions('spawn()', options);
  const { name } = options;
  if (name !== undefined) {
    requireStartName('spawn()', name);
    if (whereis(name) !== undefined) throw nameTaken(name);
  }
  const label = options.label ?? (handler.name || 'spawn');
  const process = createProcess(new Bare(handler), label, options);
  if (name !== undefined) beginAs(process, name);
  return process;
}

/** Takes the name, which a via module may refuse: then there is no process. */
function beginAs(process: Process, name: StartName): void {
  // Nobody is signalled of the end of a process that did not begin.
  process.phase = 'starting';
  let taken: boolean;
  try {
    taken = takeName(process, name);
  } catch (thrown) {
    die(process, reasonOf(thrown));
    throw thrown;
  }
  if (taken) {
    wake(process);
  } else {
    die(process, 'normal');
    throw nameTaken(name);
  }
}

function nameTaken(name: StartName): RangeError {
  const said = typeof name === 'string' ? name : describeReason(name[2]);
  return new RangeError(`spawn(): the name "${said}" is taken; unregister it or choose another`);
}

/**
 * Makes a process that handles its messages with the behaviour; it has no name yet.
 * Outside of a process there is nobody to link to, and `link` has no effect.
 */
export function createProcess(
  behaviour: Behaviour | undefined,
  label: string,
  options: CreateOptions,
): Process {
  const { trapExit = false } = options;
  if (typeof trapExit !== 'boolean') throw badArgument('trapExit', 'true or false', trapExit);
  openTurns(takeTurn);
  ownDetachedRejections();
  const caller = callingProcess();
  // Its supervisor may be elsewhere, and have asked a process of this isolate to start it.
  const parent = options.parent ?? caller;
  const process = new Process(
    options.pid ?? makePid(),
    label,
    parent,
    trapExit,
    validLimit(options.mailboxLimit),
  );
  process.behaviour = behaviour;
  process.codeKey = options.codeKey;
  if (options.link === true) process.obeyParent();
  enterProcess(process);
  if (options.link === true && caller !== undefined && options.parent === undefined) {
    linkProcesses(caller, process);
  }
  return process;
}

function validLimit(limit = DEFAULT_MAILBOX_LIMIT): number {
  if (typeof limit === 'number' && limit >= 1) return limit;
  throw new RangeError(`mailboxLimit must be at least 1, got ${shown(limit)}`);
}
