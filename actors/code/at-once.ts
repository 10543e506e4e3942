/**
 * System messages to processes that are at rest, obeyed at once.
 *
 * `sys` would send each of them a message and wait for its turn; for thousands of processes that is
 * thousands of promises and turns. A process at rest is between two messages anyhow: so its
 * behaviour is handed the very same message here, as the process, and answers before this returns.
 */
import { runAs } from '../context.ts';
import { reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import type { Replier } from '../gen-server/reply-slot.ts';
import type { Process } from '../process.ts';
import { crash, wake } from '../signals.ts';
import { SystemMessage } from '../sys/system-message.ts';
import type { SystemRequest } from '../sys/system-message.ts';

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
}

export function suspendNow(process: Process): void {
  tell(process, { kind: 'suspend' });
}

/** Goes on with what waits for it. */
export function resumeNow(process: Process): void {
  if (!process.alive) return;
  tell(process, { kind: 'resume' });
}

/** Puts the next callback module in place of the one; a failure leaves the process as it was. */
export function changeNow(
  process: Process,
  request: SystemRequest & { readonly kind: 'changeCode' },
): 'ok' | readonly ['error', ExitReason] {
  return tell(process, request);
}

/** Runs a function as the process; what it throws ends it, as from a handler. */
export function doNow(process: Process, body: (process: Process) => void): void {
  try {
    runAs(process, body);
  } catch (thrown) {
    crash(process, reasonOf(thrown));
  }
  // It may have been told something meanwhile, or have to obey its parent although it is suspended.
  const waits = process.system !== undefined || !process.suspended;
  if (process.phase === 'idle' && waits) wake(process);
}

function tell(process: Process, request: SystemRequest): 'ok' | readonly ['error', ExitReason] {
  const answer = new Answer();
  doNow(process, ({ behaviour }) => {
    void behaviour?.handleSystem(new SystemMessage(request, answer));
  });
  return answer.outcome ?? ['error', process.alive ? 'not_answered' : process.exitReason];
}
