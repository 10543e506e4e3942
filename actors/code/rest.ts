/**
 * Bringing processes to rest: between two messages, where their code can be changed.
 *
 * Most are at rest anyhow, and are left alone until the moment of the change. Who is in a handler
 * that awaits is suspended when it is through. It may wait for somebody who is suspended already
 * (a call between two of them): then nobody gets on, so all are resumed and it is tried again, with
 * more patience, until the time is over.
 */
import { after, now } from '../clock.ts';
import { FencedExit } from '../exit.ts';
import { ReplySlot } from '../gen-server/reply-slot.ts';
import type { Process } from '../process.ts';
import { wake } from '../signals.ts';
import { putAhead } from '../system-queue.ts';
import { SystemMessage } from '../sys/system-message.ts';
import { resumeNow, suspendNow } from './at-once.ts';

const FIRST_PATIENCE_MS = 100;
/** Between two tries, for those who waited for each other. */
const PAUSE_MS = 10;

/** Says who did not come to rest. */
export class RestlessError extends Error {
  readonly processes: readonly Process[];

  constructor(processes: readonly Process[]) {
    super('some processes did not come to rest');
    this.processes = processes;
  }
}

/** True between two messages, when nothing else goes before what the code server has to say. */
export function isAtRest(process: Process): boolean {
  const { phase } = process;
  if (phase !== 'idle' && phase !== 'scheduled') return false;
  return process.suspended || process.system === undefined;
}

interface Asked {
  readonly message: SystemMessage;
  readonly slot: ReplySlot;
}

export class Rest {
  /** Whom we suspended; not who was suspended before. */
  #suspended: Process[] = [];
  /** Who was asked, and has not answered. */
  readonly #asked = new Map<Process, Asked>();
  #abandoned = false;

  /**
   * Calls `act` as soon as all that `find` finds are at rest, in the same turn.
   * @throws RestlessError with those who were not, after the time in milliseconds
   */
  async during<Found extends { readonly process: Process }>(
    find: () => readonly Found[],
    timeoutMs: number,
    act: (found: readonly Found[]) => void,
  ): Promise<void> {
    const deadline = now() + timeoutMs;
    let patienceMs = FIRST_PATIENCE_MS;
    let everybody = false;
    for (;;) {
      if (this.#abandoned) throw new FencedExit();
      const found = find();
      const restless = restlessAmong(found);
      if (restless.length === 0) {
        act(found);
        return;
      }
      const leftMs = deadline - now();
      if (leftMs <= 0) throw new RestlessError(restless);
      // Who comes to rest while others are waited for must not begin with something new again.
      if (everybody) for (const { process } of found) this.suspend(process);
      everybody = await this.#ask(restless, Math.min(patienceMs, leftMs));
      if (!everybody) {
        this.release();
        patienceMs *= 2;
        await pause(Math.min(PAUSE_MS, Math.max(0, deadline - now())));
      }
    }
  }

  /** Suspends one that is at rest. */
  suspend(process: Process): void {
    if (process.suspended || !isAtRest(process)) return;
    suspendNow(process);
    if (process.alive) this.#suspended.push(process);
  }

  /** Lets all go on that were suspended here, and withdraws what was asked. */
  release(): void {
    for (const [process, { slot, message }] of this.#asked) {
      slot.release();
      withdraw(process, message);
    }
    this.#asked.clear();
    const suspended = this.#suspended;
    this.#suspended = [];
    for (const process of suspended) resumeNow(process);
  }

  /** Nobody waits for the outcome any more. */
  abandon(): void {
    this.#abandoned = true;
    this.release();
  }

  /** @returns false when not all were at rest in time */
  #ask(processes: readonly Process[], patienceMs: number): Promise<boolean> {
    return new Promise(resolve => {
      let open = processes.length;
      const timer = after(patienceMs, () => resolve(false));
      for (const process of processes) {
        const { suspended } = process;
        const done = (): void => {
          this.#asked.delete(process);
          if (process.alive && !suspended) this.#suspended.push(process);
          open -= 1;
          if (open > 0) return;
          timer.cancel();
          resolve(true);
        };
        const slot = new ReplySlot(undefined, process, ['code'], Infinity, done, done);
        const message = new SystemMessage({ kind: 'suspend' }, slot);
        this.#asked.set(process, { slot, message });
        putAhead(process, message);
        if (process.phase === 'idle') wake(process);
      }
    });
  }
}

/** A process that runs several modules may be there several times. */
function restlessAmong(found: readonly { readonly process: Process }[]): readonly Process[] {
  const restless = new Set<Process>();
  for (const { process } of found) if (!isAtRest(process)) restless.add(process);
  return [...restless];
}

function withdraw(process: Process, message: SystemMessage): void {
  const left = process.system?.filter(one => one !== message);
  process.system = left === undefined || left.length === 0 ? undefined : left;
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => void after(ms, resolve));
}
