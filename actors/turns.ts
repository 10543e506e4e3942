/**
 * nact gives the turns: one nact actor per process, flat under one root, named by pid.
 *
 * An actor gets one message, "your turn", however many messages its process has. So nact's costs
 * (a context copy, a closure and two promises for each message) are paid once per drain.
 */
import { dispatch, spawn, start, stop } from 'nact';
import type { ActorSystemRef } from 'nact';
import type { Process } from './process.ts';

let root: ActorSystemRef | undefined;
const TURN = true;

/** Gives the process its actor; `take` runs once for each turn. */
export function openTurns(process: Process, take: (process: Process) => void): void {
  root ??= start();
  const handler = (): undefined => {
    take(process);
    return undefined;
  };
  process.actor = spawn(root, handler, String(process.pid));
}

/** Asks for a turn unless one is on its way. */
export function requestTurn(process: Process): void {
  if (process.scheduled || process.actor === undefined) return;
  process.scheduled = true;
  dispatch(process.actor, TURN);
}

export function closeTurns(process: Process): void {
  if (process.actor === undefined) return;
  stop(process.actor);
  process.actor = undefined;
}
