/**
 * nact gives the turns: one nact actor is this isolate's scheduler, as a BEAM scheduler is for its run queue.
 *
 * A process that has something to do stands in the run queue. The scheduler gets one message, "there is work", and gives
 * each process that stands there a turn. So what a message costs in nact (a context, a closure, an immediate and two
 * promises) is paid once per turn of the loop, however many processes have work; with an actor for each process it was
 * most of what a short turn cost, and 1.4 kB of memory for each.
 */
import { dispatch, spawn, start } from 'nact';
import type { Ref } from 'nact';
import type { Process } from './process.ts';

/** So long at most until sockets and timers have their turn; a process's own turn is bounded too. */
const LOOP_BUDGET_MS = 10;
/** Reading the time costs about as much as a short turn. */
const LOOK_EVERY = 16;

let take: (process: Process) => void = () => undefined;
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- nact's references are opaque
let scheduler: Ref<boolean> | undefined;
let ready: Process[] = [];
/** The queue that was worked off last, empty: the two take turns, so that none is made anew. */
let spare: Process[] = [];
/** Whether the scheduler has been told, or is at it. */
let told = false;

/** What a turn is, said once; turns are given from then on. */
export function openTurns(turn: (process: Process) => void): void {
  take = turn;
}

/** Puts the process into the run queue. Not while it stands there. */
export function requestTurn(process: Process): void {
  if (!process.alive) return;
  process.phase = 'scheduled';
  ready.push(process);
  if (!told) tell();
}

function tell(): void {
  told = true;
  scheduler ??= spawn(start(), giveTurns, 'scheduler');
  dispatch(scheduler, true);
}

/**
 * Round after round: who asks for a turn meanwhile gets it in the next one, until nobody does or the time is over. Then
 * sockets and timers come first, for nact gives its next message in the next turn of the loop.
 */
function giveTurns(): void {
  const until = performance.now() + LOOP_BUDGET_MS;
  do {
    const queue = ready;
    ready = spare;
    const given = giveRound(queue, until);
    if (given < queue.length) ready = [...queue.slice(given), ...ready];
    queue.length = 0;
    spare = queue;
  } while (ready.length > 0 && performance.now() < until);
  told = false;
  if (ready.length > 0) tell();
}

/** @returns how many had their turn before the time was over */
function giveRound(queue: readonly Process[], until: number): number {
  for (let given = 0; given < queue.length; given += 1) {
    if (given % LOOK_EVERY === LOOK_EVERY - 1 && performance.now() > until) return given;
    try {
      take(queue[given] as Process);
    } catch (error) {
      // A turn catches what its process throws: this is ours, and must not end the scheduler.
      setImmediate(() => {
        throw error;
      });
    }
  }
  return queue.length;
}
