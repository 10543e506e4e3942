/**
 * System messages to processes that are at rest, obeyed at once.
 *
 * `sys` would send each of them a message and wait for its turn; for thousands of processes that is
 * thousands of promises and turns. A process at rest is between two messages anyhow: so its
 * behaviour is handed the very same message here, and answers before this returns. Messages and
 * answers are used again for the next process, so that little is left for the garbage collector.
 */
import { runAs } from '../context.ts';
import { reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import type { Replier } from '../gen-server/reply-slot.ts';
import type { Process } from '../process.ts';
import { crash, wake } from '../signals.ts';
import { SystemMessage } from '../sys/system-message.ts';
import type { SystemRequest } from '../sys/system-message.ts';

export type ChangeRequest = SystemRequest & { readonly kind: 'changeCode' };

/** Takes an answer that is there when the behaviour returns. */
class Answer implements Replier {
  readonly pid = undefined;
  outcome: 'ok' | readonly ['error', ExitReason] | undefined = undefined;

  settle(): void {
    this.outcome = 'ok';
  }

  fail(reason: ExitReason): void {
    this.outcome = ['error', reason];
  }

  /** The answer, once. */
  take(): typeof this.outcome {
    const { outcome } = this;
    this.outcome = undefined;
    return outcome;
  }
}

const SUSPEND = new SystemMessage({ kind: 'suspend' }, new Answer());
const RESUME = new SystemMessage({ kind: 'resume' }, new Answer());

export function suspendNow(process: Process): void {
  hand(process, SUSPEND);
  goOn(process);
}

/** It goes on with what waits for it. */
export function resumeNow(process: Process): void {
  if (!process.alive) return;
  hand(process, RESUME);
  goOn(process);
}

/** Puts one callback module in place of another, in one process after the other. */
export class CodeChanger {
  readonly #answer = new Answer();
  readonly #message: SystemMessage;
  readonly #obey = (process: Process): void => hand(process, this.#message);

  constructor(request: ChangeRequest) {
    this.#message = new SystemMessage(request, this.#answer);
  }

  /** A failure leaves the process as it was. `codeChange` runs as the process. */
  change(process: Process): 'ok' | readonly ['error', ExitReason] {
    doNow(process, this.#obey);
    return this.#answer.take() ?? ['error', process.alive ? 'not_answered' : process.exitReason];
  }
}

/** Runs a function as the process; what it throws ends it, as from a handler. */
export function doNow(process: Process, body: (process: Process) => void): void {
  try {
    runAs(process, body);
  } catch (thrown) {
    crash(process, reasonOf(thrown));
  }
  goOn(process);
}

function hand({ behaviour }: Process, message: SystemMessage): void {
  void behaviour?.handleSystem(message);
}

/** It may have been told something, or have to obey its parent although it is suspended. */
function goOn(process: Process): void {
  const waits = process.system !== undefined || !process.suspended;
  if (process.phase === 'idle' && waits) wake(process);
}
