/**
 * A process's turn: messages are handled until there are none, the budget is spent, or a handler's
 * promise is pending.
 */
import { runAs } from './context.ts';
import { reasonOf } from './exit.ts';
import { knownLongMs } from './known-long.ts';
import { log } from './logger.ts';
import type { Process } from './process.ts';
import { crash } from './signals.ts';
import { letsOneGoFirst, takeSystem } from './system-queue.ts';
import { isThenable } from './thenable.ts';
import { showNobody, showTurn } from './turn-watch.ts';
import { requestTurn } from './turns.ts';

/** What one turn may take before the other processes get theirs: BEAM counts reductions. */
const MESSAGE_BUDGET = 1_000;
const TIME_BUDGET_MS = 2;
const LONG_TURN_MS = 100;
/** Reading the time costs as much as a small message: look after 1, 2, 4, 8, 16, 32, 64, 96 … */
const TIME_CHECK_MASK = 31;

/** Of the turn that began last; turns do not nest. */
let turnBegan = 0;
let handledThisTurn = 0;

/** The scheduler calls this once a turn. */
export function takeTurn(process: Process): void {
  if (process.phase !== 'scheduled') return;
  handledThisTurn = 0;
  turnBegan = performance.now();
  drainTimed(process, turnBegan);
}

/** Drains, and books the time that it took since the moment given. */
function drainTimed(process: Process, began: number): void {
  const { pid, times, callbacks } = process;
  const known = knownLongMs();
  showTurn(pid);
  runAs(process, drain);
  showNobody();
  const tookMs = performance.now() - began;
  const micros = Math.round(tookMs * 1_000);
  process.handlerMicros += micros;
  times.turns += 1;
  times.messages += process.callbacks - callbacks;
  times.micros += micros;
  const unknownMs = tookMs - (knownLongMs() - known);
  if (unknownMs > LONG_TURN_MS) reportLongTurn(process, unknownMs);
}

/** Nothing can preempt a callback; so it is told who held the thread (Erlang: `long_schedule`). */
function reportLongTurn({ pid, name, label }: Process, tookMs: number): void {
  const text = 'a process held the thread for a long turn: split its work';
  log('warning', { kind: 'message', text, name, label, tookMs: Math.round(tookMs) }, pid);
}

function drain(process: Process): void {
  process.phase = 'running';
  try {
    while (process.phase === 'running') {
      if (!hasWork(process)) {
        process.phase = 'idle';
        // An idle process holds no storage for messages.
        if (process.mailbox.length === 0) process.mailbox.clear();
      } else if (budgetSpent()) {
        requestTurn(process);
      } else {
        handledThisTurn += 1;
        process.callbacks += 1;
        const result = handleNext(process);
        // A function for `void` may return anything; only a promise means something.
        if (isThenable(result)) awaitHandler(process, result);
      }
    }
  } catch (thrown) {
    crash(process, reasonOf(thrown));
  }
}

function hasWork(process: Process): boolean {
  return process.system !== undefined || (process.mailbox.length > 0 && !process.suspended);
}

function handleNext(process: Process): unknown {
  const { behaviour, system } = process;
  if (behaviour === undefined) throw new TypeError('a living process has a behaviour');
  if (system === undefined || letsOneGoFirst(process, system))
    return behaviour.handle(process.mailbox.shift());
  return behaviour.handleSystem(takeSystem(process, system));
}

function budgetSpent(): boolean {
  const handled = handledThisTurn;
  if (handled >= MESSAGE_BUDGET) return true;
  const look = (handled & TIME_CHECK_MASK) === 0 || (handled & (handled - 1)) === 0;
  return look && handled > 0 && performance.now() - turnBegan > TIME_BUDGET_MS;
}

/** While the promise is pending no further message is handled. */
function awaitHandler(process: Process, pending: Promise<unknown>): void {
  if (process.phase === 'running') process.phase = 'awaiting';
  pending.then(
    () => resume(process),
    (thrown: unknown) => crash(process, reasonOf(thrown)),
  );
}

/** Goes on after a promise, in the same turn while the turn is young. */
function resume(process: Process): void {
  if (process.phase !== 'awaiting') return;
  const now = performance.now();
  if (now - turnBegan <= TIME_BUDGET_MS) drainTimed(process, now);
  else if (hasWork(process)) requestTurn(process);
  else process.phase = 'idle';
}
