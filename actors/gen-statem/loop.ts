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
import { Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { CallMessage, CastMessage } from '../gen-server/messages.ts';
import { isParentExit } from '../parent-exit.ts';
import type { Starting } from '../proc-lib.ts';
import type { Process } from '../process.ts';
import { crash } from '../signals.ts';
import { answerSystemMessage, isDowngrade } from '../sys/system-loop.ts';
import type { SystemCallbacks } from '../sys/system-loop.ts';
import type { SystemMessage } from '../sys/system-message.ts';
import { isThenable } from '../thenable.ts';
import { CallbackModules } from './callback-modules.ts';
import type { CallbackModule } from './callback-modules.ts';
import { describeEvent, StatemEvent } from './events.ts';
import { bareReasonOf, exitReasonOf, Fault, resultOf, returned } from './fault.ts';
import { show } from './show.ts';
import { Timeout, Timeouts } from './timeouts.ts';
import type { TimeoutRequest } from './timeouts.ts';
import { Transition } from './transition.ts';
import type { EventType, StatemStatus } from './types.ts';

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

export class GenStatemLoop implements Starting, SystemCallbacks {
  readonly #process: Process;
  readonly #modules: CallbackModules;
  readonly #timeouts: Timeouts;
  readonly #transition: Transition;
  #state: unknown = undefined;
  #data: unknown = undefined;
  /** The event that is being handled; nothing of it is kept while the machine rests. */
  #type: unknown = undefined;
  #content: unknown = undefined;
  /** What comes before the mailbox; the next one last. */
  #queue: StatemEvent[] = [];
  /** Oldest first. */
  #postponed: StatemEvent[] = [];

  constructor(module: CallbackModule, process: Process) {
    this.#process = process;
    this.#modules = new CallbackModules(module, process.label);
    this.#timeouts = new Timeouts(process);
    this.#transition = new Transition(process, this.#modules);
  }

  /** The module that is called. */
  get module(): CallbackModule {
    return this.#modules.current;
  }

  /**
   * Takes state and data from what `init` returned. The rest of the start is the machine's own first
   * step, as in OTP: whoever started it has its pid by then, and sees it crash there if it does.
   */
  begin(result: unknown): boolean {
    const [tag, state, data, actions] = Array.isArray(result) ? (result as unknown[]) : [];
    const length = Array.isArray(result) ? result.length : 0;
    if (tag === 'ok' && (length === 3 || length === 4)) {
      this.#state = state;
      this.#data = data;
      (this.#process.system ??= []).unshift(new EnterMessage(actions));
      return true;
    }
    const refused = (tag === 'stop' || tag === 'error') && length === 2;
    if (refused || (tag === 'ignore' && length === 1)) return false;
    throw new Exit(['bad_return_from_init', result]);
  }

  handle(message: unknown): Pending {
    if (message instanceof CallMessage) {
      return this.#handleEvent(['call', message.from], message.request);
    }
    if (message instanceof CastMessage) return this.#handleEvent('cast', message.message);
    if (message instanceof Timeout) {
      if (!this.#timeouts.takeElapsed(message)) return undefined;
      return this.#handleEvent(message.type, message.content);
    }
    if (isParentExit(message, this.#process)) return this.terminate(message.reason);
    return this.#handleEvent('info', message);
  }

  handleSystem(message: unknown): Pending {
    if (message === PROCEED) return this.#workOff();
    if (message instanceof EnterMessage) return this.#goOn(this.#enter(message.actions));
    if (isParentExit(message, this.#process)) return this.terminate(message.reason);
    return answerSystemMessage(this.#process, this, message as SystemMessage);
  }

  // --- events

  /** An event that has come in. */
  #handleEvent(type: unknown, content: unknown): Pending {
    if (this.#process.debug !== undefined) {
      show(this.#process, 'in', [type, content], this.#state);
      // A debug function may have ended the process.
      if (!this.#process.alive) return undefined;
    }
    return this.#goOn(this.#event(type, content));
  }

  #goOn(pending: Pending): Pending {
    return pending === undefined ? this.#workOff() : pending.then(() => this.#workOff());
  }

  /** The events that the machine has itself, until there are none. */
  #workOff(): Pending {
    for (let done = 0; this.#process.alive; done += 1) {
      if (this.#queue.length === 0 && !this.#timeouts.hasZero) return undefined;
      if (done === EVENTS_AT_ONCE) {
        // Ahead of system messages too: those are taken between messages, not between events.
        (this.#process.system ??= []).unshift(PROCEED);
        return undefined;
      }
      this.#process.callbacks += 1;
      const pending = this.#ownEvent();
      if (pending !== undefined) return pending.then(() => this.#workOff());
    }
    return undefined;
  }

  #ownEvent(): Pending {
    const event = this.#queue.pop();
    if (event !== undefined) return this.#event(event.type, event.content);
    const zero = this.#timeouts.takeZero();
    if (zero === undefined) return undefined;
    show(this.#process, 'in', [zero.type, zero.content], this.#state);
    return this.#process.alive ? this.#event(zero.type, zero.content) : undefined;
  }

  /** The state call, and what follows from it. */
  #event(type: unknown, content: unknown): Pending {
    this.#type = type;
    this.#content = content;
    this.#transition.begin(this.#state, this.#data);
    try {
      const result = this.#call(type, content);
      return isThenable(result) ? this.#await(result, true) : this.#conclude(result, true);
    } catch (thrown) {
      return this.#crash(thrown);
    }
  }

  /** Before any event: the mode, the actions of `init`, the state enter call. */
  #enter(actions: unknown): Pending {
    this.#type = 'internal';
    this.#content = 'init_state';
    const transition = this.#transition;
    transition.begin(this.#state, this.#data);
    try {
      this.#modules.change(this.#modules.current);
      show(this.#process, 'enter', this.#modules.current, this.#state);
      return transition.obeyInit(actions) === 'enter' ? this.#callEnter() : this.#makeTransition();
    } catch (thrown) {
      return this.#crash(thrown);
    }
  }

  // --- calling the state

  /** What is thrown and is no error counts as returned. */
  #call(type: unknown, content: unknown): unknown {
    const { state, data } = this.#transition;
    try {
      return this.#modules.call(type, content, state, data);
    } catch (thrown) {
      return returned(thrown);
    }
  }

  #callEnter(): Pending {
    const result = this.#call('enter', this.#state);
    return isThenable(result) ? this.#await(result, false) : this.#conclude(result, false);
  }

  #await(pending: Promise<unknown>, stateCall: boolean): Promise<void> {
    const conclude = (result: () => unknown): Pending => {
      try {
        return this.#conclude(result(), stateCall);
      } catch (thrown) {
        return this.#crash(thrown);
      }
    };
    return pending.then(
      value => conclude(() => value),
      (thrown: unknown) => conclude(() => returned(thrown)),
    );
  }

  /** @param stateCall false when it is what a state enter call returned */
  #conclude(result: unknown, stateCall: boolean): Pending {
    if (!this.#process.alive) return undefined;
    switch (this.#transition.obey(result, stateCall)) {
      case 'done':
        return this.#makeTransition();
      case 'enter':
        return this.#callEnter();
      case 'stop':
        this.#takeState();
        return this.terminate(this.#transition.stopReason);
    }
  }

  // --- the transition

  /** All is known: what the results asked for is done, in OTP's order. */
  #makeTransition(): undefined {
    const { changed, postpone, inserted, timeouts } = this.#transition;
    if (postpone) this.#postponed.push(new StatemEvent(this.#type, this.#content));
    if (this.#process.debug !== undefined) this.#showTransition(postpone);
    if (changed) {
      while (this.#postponed.length > 0) this.#queue.push(this.#postponed.pop() as StatemEvent);
      this.#timeouts.cancel('state_timeout');
    }
    this.#timeouts.cancel('timeout');
    this.#takeState();
    if (timeouts !== undefined) this.#startTimeouts(timeouts);
    if (inserted !== undefined) {
      for (let event = inserted.pop(); event !== undefined; event = inserted.pop()) {
        this.#queue.push(event);
      }
    }
    this.#type = undefined;
    this.#content = undefined;
    this.#checkLimit();
    return undefined;
  }

  #takeState(): void {
    this.#state = this.#transition.state;
    this.#data = this.#transition.data;
  }

  /** What was postponed left the mailbox, but not the process. */
  #checkLimit(): void {
    if (this.#postponed.length + this.#queue.length > this.#process.mailboxLimit) {
      crash(this.#process, 'mailbox_overflow');
    }
  }

  #showTransition(postpone: boolean): void {
    const event = [this.#type, this.#content];
    const tag = postpone ? 'postpone' : 'consume';
    show(this.#process, tag, event, this.#state, this.#transition.state);
  }

  #startTimeouts(timeouts: readonly TimeoutRequest[]): void {
    const showStart = ({ type, time, content, absolute }: TimeoutRequest): void => {
      const options = absolute ? [['abs', true]] : [];
      show(this.#process, 'start_timer', [type, time, content, options], this.#state);
    };
    this.#timeouts.obey(timeouts, this.#process.debug === undefined ? undefined : showStart);
  }

  // --- the end

  /** A module has thrown an error, or has broken a rule. */
  #crash(thrown: unknown): Pending {
    if (thrown instanceof Fault) this.#takeState();
    return this.terminate(bareReasonOf(thrown), exitReasonOf(thrown));
  }

  /**
   * Runs the module's `terminate`, then ends.
   * @param exitReason what the process exits with: the reason, and where it was an error the stack
   */
  terminate(reason: ExitReason, exitReason: ExitReason = reason): Pending {
    const process = this.#process;
    if (!process.alive) return undefined;
    const finish = (thrown?: unknown): void => {
      if (!process.alive) return;
      show(process, 'terminate', reason, this.#state);
      // What `terminate` throws and is no error means nothing, as what it returns.
      crash(process, thrown instanceof Error ? exitReasonOf(thrown) : exitReason);
    };
    try {
      const result = this.module.terminate?.(reason, this.#state, this.#data);
      if (isThenable(result)) return result.then(() => finish(), finish);
      finish();
    } catch (thrown) {
      finish(thrown);
    }
    return undefined;
  }

  release(): void {
    this.#timeouts.release();
  }

  /** For the crash report. Contents of events and data stay out of logs. */
  describe(): Readonly<Record<string, unknown>> {
    return {
      behaviour: 'gen_statem',
      state: typeof this.#state === 'object' ? '{…}' : this.#state,
      callbackMode: this.#callbackMode(),
      modules: this.#modules.all.length,
      lastEvent: this.#type === undefined ? undefined : describeEvent(this.#type, this.#content),
      queueLen: this.#queue.length,
      postponedLen: this.#postponed.length,
      timeouts: this.#timeouts.size,
    };
  }

  // --- sys

  getState(): unknown {
    return [this.#state, this.#data];
  }

  replaceState(change: (state: unknown) => unknown): unknown {
    const replaced = change([this.#state, this.#data]);
    if (!Array.isArray(replaced) || replaced.length !== 2) {
      throw new TypeError(
        'replaceState() of a state machine expects its function to return [state, data]',
      );
    }
    [this.#state, this.#data] = replaced as unknown[];
    return replaced;
  }

  /** Undefined when there is only the one that is called. */
  modules(): readonly object[] | undefined {
    return this.#modules.isSingle ? undefined : this.#modules.all;
  }

  checkpoint(): () => void {
    const putBack = this.#modules.checkpoint();
    const state = this.#state;
    const data = this.#data;
    return () => {
      putBack();
      this.#state = state;
      this.#data = data;
    };
  }

  /** Of the modules that were pushed over only the code changes: state and data are not theirs. */
  changeCode(
    module: object,
    oldVersion: unknown,
    extra: unknown,
    replaced: object = this.module,
  ): void {
    const next = module as CallbackModule;
    const called = replaced === this.module;
    const turned = called
      ? this.#turn(isDowngrade(oldVersion) ? this.module : next, oldVersion, extra)
      : [this.#state, this.#data];
    const mode = this.#modules.ask(called ? next : this.module);
    this.#modules.upgrade(replaced, next, mode);
    [this.#state, this.#data] = turned;
  }

  #turn(by: CallbackModule, oldVersion: unknown, extra: unknown): readonly unknown[] {
    if (by.codeChange === undefined) return [this.#state, this.#data];
    const result = resultOf(() => by.codeChange?.(oldVersion, this.#state, this.#data, extra));
    const [tag, ...turned] = Array.isArray(result) ? (result as unknown[]) : [];
    if (tag === 'ok' && turned.length === 2) return turned;
    throw new Exit(tag === 'error' ? turned[0] : ['bad_return_value', result]);
  }

  formatStatus(): unknown {
    const status: StatemStatus = {
      state: this.#state,
      data: this.#data,
      postponed: this.#postponed.map(({ type, content }) => [type as EventType, content]),
      timeouts: this.#timeouts.list(),
    };
    return {
      modules: this.#modules.all,
      callbackMode: this.#callbackMode(),
      ...(this.module.formatStatus?.(status) ?? status),
    };
  }

  #callbackMode(): unknown {
    const { mode } = this.#modules;
    return mode?.stateEnter === true ? [mode.mode, 'state_enter'] : mode?.mode;
  }
}
