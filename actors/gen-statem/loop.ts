/**
 * The engine of a state machine: takes an event, calls the state, makes the transition.
 *
 * The order is that of `gen_statem.erl`: actions (replies go out at once), state enter calls, the
 * event is postponed, after a change of state the postponed events come again, timeouts are started,
 * and inserted events come before all others. Then the next event: from the machine's own queue, of
 * the timeouts of 0 ms, and only then from the mailbox.
 *
 * A state that returns a plain value is handled without any promise.
 */
import { keepCrash, keepsCrashes, startOf, stepOf } from '../crash-keeper.ts';
import type { Step } from '../crash-keeper.ts';
import { Exit, reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { CallMessage, CastMessage } from '../gen-server/messages.ts';
import { resultOf } from '../gen-server/throw-returns.ts';
import { isParentExit } from '../parent-exit.ts';
import { isIgnore } from '../proc-lib.ts';
import type { Starting } from '../proc-lib.ts';
import type { Process } from '../process.ts';
import { crash } from '../signals.ts';
import { answerSystemMessage } from '../sys/system-loop.ts';
import type { SystemMessage } from '../sys/system-message.ts';
import { isThenable } from '../thenable.ts';
import type { CallbackModule } from './callback-modules.ts';
import { StatemEvent } from './events.ts';
import { bareReasonOf, Fault } from './fault.ts';
import { Machine } from './machine.ts';
import { show } from './show.ts';
import { Timeout } from './timeouts.ts';
import type { TimeoutRequest } from './timeouts.ts';
import { Transition } from './transition.ts';

/** A promise while a callback's is pending. */
type Pending = void | Promise<void>;

/** The machine's first step. */
class EnterMessage {
  readonly actions: unknown;

  constructor(actions: unknown) {
    this.actions = actions;
  }
}

/** A machine with many events of its own lets others have their turn, and then goes on. */
const PROCEED = Symbol('proceed');
const EVENTS_AT_ONCE = 100;

export class GenStatemLoop extends Machine implements Starting {
  readonly #transition: Transition;
  /** The callback that is under way, while somebody keeps crashes. */
  #step: Step | undefined = undefined;

  constructor(module: CallbackModule, process: Process) {
    super(module, process);
    this.#transition = new Transition(process, this.callbacks);
  }

  /** `init` is about to run with this argument. Its step lasts until the first state is entered. */
  starts(argument: unknown): this {
    if (keepsCrashes()) this.#step = startOf(this.module, argument);
    return this;
  }

  failed(reason: ExitReason): void {
    if (this.#step !== undefined) keepCrash(this.process, this.#step, reason);
  }

  /**
   * Takes state and data from what `init` returned. The rest of the start is the machine's own first
   * step, as in OTP: whoever started it has its pid by then, and sees it crash there if it does.
   */
  begin(result: unknown): boolean {
    const [tag, state, data, actions] = Array.isArray(result) ? (result as unknown[]) : [];
    const length = Array.isArray(result) ? result.length : 0;
    if (tag === 'ok' && (length === 3 || length === 4)) {
      this.state = state;
      this.data = data;
      (this.process.system ??= []).unshift(new EnterMessage(actions));
      return true;
    }
    const refused = (tag === 'stop' || tag === 'error') && length === 2;
    if (refused || isIgnore(result)) return false;
    throw new Exit(['bad_return_from_init', result]);
  }

  handle(message: unknown): Pending {
    if (message instanceof CallMessage) {
      return this.#handleEvent(['call', message.from], message.request);
    }
    if (message instanceof CastMessage) return this.#handleEvent('cast', message.message);
    if (message instanceof Timeout) {
      if (!this.timeouts.takeElapsed(message)) return undefined;
      return this.#handleEvent(message.type, message.content);
    }
    if (isParentExit(message, this.process)) return this.terminate(message.reason);
    return this.#handleEvent('info', message);
  }

  handleSystem(message: unknown): Pending {
    if (message === PROCEED) return this.#workOff();
    if (message instanceof EnterMessage) return this.#goOn(this.#enter(message.actions));
    if (isParentExit(message, this.process)) return this.terminate(message.reason);
    return answerSystemMessage(this.process, this, message as SystemMessage);
  }

  // --- events

  /** An event that has come in. */
  #handleEvent(type: unknown, content: unknown): Pending {
    if (this.process.debug !== undefined) {
      show(this.process, 'in', [type, content], this.state);
      // A debug function may have ended the process.
      if (!this.process.alive) return undefined;
    }
    return this.#goOn(this.#event(type, content));
  }

  #goOn(pending: Pending): Pending {
    return pending === undefined ? this.#workOff() : pending.then(() => this.#workOff());
  }

  /** The events that the machine has itself, until there are none. */
  #workOff(): Pending {
    for (let done = 0; this.process.alive; done += 1) {
      if (this.queue.length === 0 && !this.timeouts.hasZero) return undefined;
      if (done === EVENTS_AT_ONCE) {
        // Ahead of system messages too: those are taken between messages, not between events.
        (this.process.system ??= []).unshift(PROCEED);
        return undefined;
      }
      this.process.callbacks += 1;
      const pending = this.#ownEvent();
      if (pending !== undefined) return pending.then(() => this.#workOff());
    }
    return undefined;
  }

  #ownEvent(): Pending {
    const event = this.queue.pop();
    if (event !== undefined) return this.#event(event.type, event.content);
    const zero = this.timeouts.takeZero();
    if (zero === undefined) return undefined;
    show(this.process, 'in', [zero.type, zero.content], this.state);
    return this.process.alive ? this.#event(zero.type, zero.content) : undefined;
  }

  /** The state call, and what follows from it. */
  #event(type: unknown, content: unknown): Pending {
    this.type = type;
    this.content = content;
    this.#transition.begin(this.state, this.data);
    try {
      return this.#conclude(this.#call(type, content), true);
    } catch (thrown) {
      return this.#crash(thrown);
    }
  }

  /** Before any event: the mode, the actions of `init`, the state enter call. */
  #enter(actions: unknown): Pending {
    this.type = 'internal';
    this.content = 'init_state';
    const transition = this.#transition;
    transition.begin(this.state, this.data);
    try {
      this.callbacks.change(this.callbacks.current);
      show(this.process, 'enter', this.callbacks.current, this.state);
      if (transition.obeyInit(actions) === 'done') return this.#makeTransition();
      return this.#conclude(this.#callEnter(), false);
    } catch (thrown) {
      return this.#crash(thrown);
    }
  }

  // --- calling the state

  #callEnter(): unknown {
    return this.#call('enter', this.state);
  }

  /** What is thrown and is no error counts as returned. */
  #call(type: unknown, content: unknown): unknown {
    const { state, data } = this.#transition;
    this.#step = keepsCrashes() ? this.#stepOf(type, content, state, data) : undefined;
    try {
      return this.callbacks.call(type, content, state, data);
    } catch (thrown) {
      if (thrown instanceof Error) throw thrown;
      return thrown;
    }
  }

  #stepOf(type: unknown, content: unknown, state: unknown, data: unknown): Step {
    const byState = this.callbacks.mode?.mode === 'state_functions';
    return stepOf(
      this.module,
      byState ? String(state) : 'handleEvent',
      [type, content],
      [state, data],
    );
  }

  /**
   * Obeys what was returned, as long as the state is to be entered, and then makes the transition.
   * @param stateCall false when it is what a state enter call returned
   */
  #conclude(returned: unknown, stateCall: boolean): Pending {
    let result = returned;
    for (let isStateCall = stateCall; ; isStateCall = false) {
      if (isThenable(result)) return this.#concludeLater(result, isStateCall);
      if (!this.process.alive) return undefined;
      const outcome = this.#transition.obey(result, isStateCall);
      if (outcome === 'done') return this.#makeTransition();
      if (outcome === 'stop') {
        this.#takeState();
        return this.terminate(this.#transition.stopReason);
      }
      result = this.#callEnter();
    }
  }

  #concludeLater(pending: Promise<unknown>, stateCall: boolean): Promise<void> {
    const conclude = (result: unknown): Pending => {
      try {
        return this.#conclude(result, stateCall);
      } catch (thrown) {
        return this.#crash(thrown);
      }
    };
    return pending.then(conclude, (thrown: unknown) =>
      thrown instanceof Error ? this.#crash(thrown) : conclude(thrown),
    );
  }

  // --- the transition

  /** All is known: what the results asked for is done, in OTP's order. */
  #makeTransition(): undefined {
    const { changed, postpone, inserted, timeouts } = this.#transition;
    if (postpone) this.postponed.push(new StatemEvent(this.type, this.content));
    if (this.process.debug !== undefined) this.#showTransition(postpone);
    if (changed) {
      while (this.postponed.length > 0) this.queue.push(this.postponed.pop() as StatemEvent);
      this.timeouts.cancel('state_timeout');
    }
    this.timeouts.cancel('timeout');
    this.#takeState();
    if (timeouts !== undefined) this.#startTimeouts(timeouts);
    if (inserted !== undefined) {
      for (let event = inserted.pop(); event !== undefined; event = inserted.pop()) {
        this.queue.push(event);
      }
    }
    this.type = undefined;
    this.content = undefined;
    this.#step = undefined;
    this.#checkLimit();
    return undefined;
  }

  #takeState(): void {
    this.state = this.#transition.state;
    this.data = this.#transition.data;
  }

  /** What was postponed left the mailbox, but not the process. */
  #checkLimit(): void {
    if (this.postponed.length + this.queue.length > this.process.mailboxLimit) {
      crash(this.process, 'mailbox_overflow');
    }
  }

  #showTransition(postpone: boolean): void {
    const event = [this.type, this.content];
    const tag = postpone ? 'postpone' : 'consume';
    show(this.process, tag, event, this.state, this.#transition.state);
  }

  #startTimeouts(timeouts: readonly TimeoutRequest[]): void {
    const showStart = ({ type, time, content, absolute }: TimeoutRequest): void => {
      const options = absolute ? [['abs', true]] : [];
      show(this.process, 'start_timer', [type, time, content, options], this.state);
    };
    this.timeouts.obey(timeouts, this.process.debug === undefined ? undefined : showStart);
  }

  // --- the end

  /** A module has thrown an error, or has broken a rule. */
  #crash(thrown: unknown): Pending {
    if (thrown instanceof Fault) this.#takeState();
    return this.terminate(bareReasonOf(thrown), reasonOf(thrown));
  }

  /**
   * Runs the module's `terminate`, then ends.
   * @param exitReason what the process exits with: the reason, and where it was an error the stack
   */
  terminate(reason: ExitReason, exitReason: ExitReason = reason): Pending {
    const { process, state, data, module } = this;
    if (!process.alive) return undefined;
    const finish = (last: ExitReason): void => {
      if (!process.alive) return;
      show(process, 'terminate', reason, state);
      if (this.#step !== undefined) keepCrash(process, this.#step, last);
      crash(process, last);
    };
    const own =
      keepsCrashes() && module.terminate !== undefined
        ? stepOf(module, 'terminate', [reason], [state, data])
        : undefined;
    // If `terminate` fails, that is what ended the process.
    const failed = (thrown: unknown): void => {
      this.#step = own;
      finish(reasonOf(thrown));
    };
    let result: unknown;
    try {
      result = resultOf(() => module.terminate?.(reason, state, data));
    } catch (thrown) {
      failed(thrown);
      return undefined;
    }
    if (isThenable(result)) return result.then(() => finish(exitReason), failed);
    finish(exitReason);
    return undefined;
  }

  release(): void {
    this.timeouts.release();
  }
}
