/**
 * A process's system messages. They keep their place among the ordinary ones, as in Erlang, where all
 * are in one mailbox; but a suspended process handles only these. So each knows how many ordinary
 * messages are still ahead of it, which costs nothing while there is none.
 *
 * What a behaviour tells itself (`continue`, an inserted event) stands at the front of the same queue
 * by itself, and goes ahead of everything.
 */
import type { Process } from './process.ts';

class InTurn {
  readonly message: unknown;
  /** Ordinary messages that came before it. */
  ahead: number;

  constructor(message: unknown, ahead: number) {
    this.message = message;
    this.ahead = ahead;
  }
}

/** Behind all that has come so far. */
export function putInTurn(process: Process, message: unknown): void {
  (process.system ??= []).push(new InTurn(message, process.mailbox.length));
}

/** Ahead of all ordinary messages, and of the system messages that wait among them. */
export function putAhead(process: Process, message: unknown): void {
  const system = (process.system ??= []);
  const place = system.findIndex(waiting => waiting instanceof InTurn);
  system.splice(place === -1 ? system.length : place, 0, message);
}

/**
 * Whether an ordinary message has to be handled before the first of these. It counts as handled
 * with the question.
 */
export function letsOneGoFirst(process: Process, system: readonly unknown[]): boolean {
  const [first] = system;
  const isLater =
    first instanceof InTurn &&
    first.ahead > 0 &&
    !process.suspended &&
    // Some of those that were ahead may have been taken out meanwhile.
    process.mailbox.length > 0;
  if (!isLater) return false;
  for (const waiting of system) if (waiting instanceof InTurn) waiting.ahead -= 1;
  return true;
}

/** The first of them, which is taken out. */
export function takeSystem(process: Process, system: unknown[]): unknown {
  const first = system.shift();
  if (system.length === 0) process.system = undefined;
  return first instanceof InTurn ? first.message : first;
}
