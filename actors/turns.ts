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

/** One for all actors, so that none holds a closure of its own. */
const afterStop = (): void => undefined;

/** Gives the process its actor; `take`, one function for all processes, runs once for each turn. */
export function openTurns(process: Process, take: (process: Process) => Process): void {
  root ??= start();
  process.actor = spawn(root, take, String(process.pid), { initialState: process, afterStop });
}

/** Asks for the process's next turn. Not while one is on its way. */
export function requestTurn(process: Process): void {
  if (process.actor === undefined) return;
  process.phase = 'scheduled';
  dispatch(process.actor, TURN);
}

export function closeTurns(process: Process): void {
  if (process.actor === undefined) return;
  stop(process.actor);
  process.actor = undefined;
}
