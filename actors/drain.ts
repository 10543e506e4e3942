/**
 * A process's turn: messages are handled until there are none, the budget is spent, or a handler's
 * promise is pending.
 */
import { runAs } from './context.ts';
import { reasonOf } from './exit.ts';
import type { Process } from './process.ts';
import { die } from './signals.ts';
import { requestTurn } from './turns.ts';

/** What one turn may take before the other processes get theirs: BEAM counts reductions. */
const MESSAGE_BUDGET = 1_000;
const TIME_BUDGET_MS = 2;
/** Reading the time costs as much as a small message: look after 1, 2, 4, 8, 16, 32, 64, 96 … */
const TIME_CHECK_MASK = 31;

let turnBegan = 0;

/** The process's nact actor calls this once a turn. */
export function takeTurn(process: Process): void {
  process.scheduled = false;
  if (!process.alive || process.busy) return;
  process.handledThisTurn = 0;
  turnBegan = performance.now();
  runAs(process, drain);
  process.handlerMicros += (performance.now() - turnBegan) * 1_000;
}

function drain(process: Process): void {
  try {
    while (process.alive && !process.busy) {
      const step = nextStep(process);
      if (step === NOTHING) return;
      if (budgetSpent(process)) {
        requestTurn(process);
        return;
      }
      process.handledThisTurn += 1;
      process.handled += 1;
      const pending = handleOne(process, step);
      if (pending !== undefined) awaitHandler(process, pending);
    }
  } catch (thrown) {
    die(process, reasonOf(thrown));
  }
}

const NOTHING = 0;
const URGENT = 1;
const SYSTEM = 2;
const ORDINARY = 3;
type Step = typeof NOTHING | typeof URGENT | typeof SYSTEM | typeof ORDINARY;

function nextStep(process: Process): Step {
  if (process.urgent !== undefined) return URGENT;
  if (process.system !== undefined) return SYSTEM;
  return process.mailbox.length > 0 && !process.suspended ? ORDINARY : NOTHING;
}

function handleOne(process: Process, step: Step): void | Promise<void> {
  const behaviour = process.behaviour;
  if (behaviour === undefined) throw new TypeError('a living process has a behaviour');
  if (step === ORDINARY) return behaviour.handle(process.mailbox.shift());
  if (step === URGENT) {
    const urgent = process.urgent;
    process.urgent = undefined;
    return behaviour.handle(urgent);
  }
  const system = process.system?.shift();
  if (process.system?.length === 0) process.system = undefined;
  return behaviour.handleSystem?.(system);
}

function budgetSpent(process: Process): boolean {
  const handled = process.handledThisTurn;
  if (handled >= MESSAGE_BUDGET) return true;
  const look = (handled & TIME_CHECK_MASK) === 0 || (handled & (handled - 1)) === 0;
  return look && handled > 0 && performance.now() - turnBegan > TIME_BUDGET_MS;
}

/** While the promise is pending no further ordinary message is handled. */
export function awaitHandler(process: Process, pending: Promise<void>): void {
  process.busy = true;
  pending.then(
    () => resume(process),
    (thrown: unknown) => die(process, reasonOf(thrown)),
  );
}

/** Goes on after a promise, in the same turn while the turn is young. */
export function resume(process: Process): void {
  if (!process.alive) return;
  process.busy = false;
  if (nextStep(process) === NOTHING || process.scheduled) return;
  if (performance.now() - turnBegan > TIME_BUDGET_MS) requestTurn(process);
  else runAs(process, drain);
}
