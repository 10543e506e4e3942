/**
 * The loop of a gen-server: takes a message, runs the callback, obeys its result.
 *
 * A callback that returns a plain value is handled without any promise. See `gen_server.erl`,
 * `loop/7` and `handle_common_reply/8`.
 */
import { after } from '../clock.ts';
import type { TimerHandle } from '../clock.ts';
import { Exit, reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { log } from '../logger.ts';
import { keepCrash, keepsCrashes, startOf, stepOf } from '../crash-keeper.ts';
import type { Step } from '../crash-keeper.ts';
import type { TimeoutMessage } from '../messages.ts';
import { isParentExit } from '../parent-exit.ts';
import type { Behaviour, Process } from '../process.ts';
import {
  asErlangs,
  CallMessage,
  CastMessage,
  ContinueMessage,
  TimedMessage,
  isServerMessage,
  kindOf,
} from './messages.ts';
import type { ServerMessage } from './messages.ts';
import { continuation, endsWell, isTimed, isTuple, untilOver } from './results.ts';
import type { Timed } from './results.ts';
import type { Replier } from './reply-slot.ts';
import { crash, deliver } from '../signals.ts';
import { getLog } from '../sys/debug-command.ts';
import { rememberEntries } from '../sys/own-entries.ts';
import { shownBy } from '../sys/format-status.ts';
import type { ShownStatus, Status } from '../sys/format-status.ts';
import { answerSystemMessage, isDowngrade } from '../sys/system-loop.ts';
import type { SystemCallbacks } from '../sys/system-loop.ts';
import { isThenable } from '../thenable.ts';
import type { SystemMessage } from '../sys/system-message.ts';
import { isReturn, resultOf } from './throw-returns.ts';

const TIMEOUT: TimeoutMessage = { kind: 'timeout' };

/** A callback module as the loop sees it: the types were checked where the server was started. */
export interface CallbackModule {
  readonly name?: string;
  init?(arg: unknown): unknown;
  handleCall?(request: unknown, from: unknown, state: unknown): unknown;
  handleCast?(message: unknown, state: unknown): unknown;
  handleInfo?(message: unknown, state: unknown): unknown;
  handleContinue?(value: unknown, state: unknown): unknown;
  terminate?(reason: ExitReason, state: unknown): unknown;
  codeChange?(oldVersion: unknown, state: unknown, extra: unknown): unknown;
  formatStatus?(status: Status): unknown;
  snapshot?(state: unknown): unknown;
  /**
   * Only a behaviour that is built on this one has it, such as a supervisor: its own module stays,
   * and what is upgraded is the module behind it.
   */
  changeModule?(module: object, oldVersion: unknown, state: unknown, extra: unknown): unknown;
  /** With `changeModule`: the modules behind it, and what puts them back as they are. */
  modulesOf?(state: unknown): readonly object[];
  checkpointOf?(state: unknown): () => void;
}

export class GenServerLoop implements Behaviour, SystemCallbacks {
  /** The one mutable slot that holds the code: `sys.changeCode` swaps it. */
  module: CallbackModule;
  state: unknown = undefined;
  readonly #process: Process;
  #timer: TimerHandle | undefined = undefined;
  #timeout: number | TimedMessage | undefined = undefined;
  /** Of an info message only its kind: what is in it would live on while the process rests. */
  #lastMessage: ServerMessage | string | undefined = undefined;
  /** The info message that is being handled. */
  #info: unknown = undefined;
  /** The step under way, while somebody keeps crashes. */
  #step: Step | undefined = undefined;

  constructor(module: CallbackModule, process: Process) {
    this.module = module;
    this.#process = process;
  }

  /** `init` is about to run with this argument. */
  starts(argument: unknown): this {
    if (keepsCrashes()) this.#step = startOf(this.module, argument);
    return this;
  }

  failed(reason: ExitReason): void {
    if (this.#step !== undefined) keepCrash(this.#process, this.#step, reason);
  }

  /** Takes the state from what `init` returned; false when that is no `['ok', …]`. */
  begin(result: unknown): boolean {
    if (!isTuple(result) || result[0] !== 'ok' || !endsWell(result, 2)) return false;
    this.state = result[1];
    this.#step = undefined;
    if (result.length === 3) this.#next(result[2]);
    return true;
  }

  handle(given: unknown): void | Promise<void> {
    let message = given;
    if (this.#timeout !== undefined) {
      if (given instanceof TimedMessage) message = given.message;
      this.#cancelTimeout();
    }
    const from = message instanceof CallMessage ? message.from : undefined;
    this.#lastMessage = isServerMessage(message) ? message : kindOf(message);
    if (this.#process.debug !== undefined) {
      this.#showIn(message);
      // A debug function may have ended the process.
      if (!this.#process.alive) return undefined;
    }
    if (keepsCrashes()) this.#step = this.#stepOf(message);
    let result: unknown;
    try {
      result = this.#callback(message);
    } catch (thrown) {
      return this.#threw(thrown, from);
    }
    if (isThenable(result)) {
      return result.then(
        value => this.#obey(value, from),
        (thrown: unknown) => this.#threw(thrown, from),
      );
    }
    return this.#obey(result, from);
  }

  handleSystem(message: unknown): void | Promise<void> {
    if (message instanceof ContinueMessage || message instanceof TimedMessage) {
      return this.handle(message);
    }
    this.#holdTimeout();
    if (isParentExit(message, this.#process)) return this.terminate(message.reason);
    const pending = answerSystemMessage(this.#process, this, message as SystemMessage);
    // A system message restarts the timeout in full; a suspension ends with one.
    if (typeof this.#timeout === 'number' && !this.#process.suspended) {
      this.#startTimeout(this.#timeout);
    }
    return pending;
  }

  #stepOf(message: unknown): Step | undefined {
    const { module, state } = this;
    if (message instanceof CallMessage) {
      return stepOf(module, 'handleCall', [message.request, message.from], state);
    }
    if (message instanceof CastMessage)
      return stepOf(module, 'handleCast', [message.message], state);
    if (message instanceof ContinueMessage) {
      return stepOf(module, 'handleContinue', [message.value], state);
    }
    return isParentExit(message, this.#process)
      ? undefined
      : stepOf(module, 'handleInfo', [message], state);
  }

  #showIn(message: unknown): void {
    if (isParentExit(message, this.#process)) return;
    this.#process.debug?.handle(
      message instanceof ContinueMessage ? ['continue', message.value] : ['in', asErlangs(message)],
    );
  }

  #callback(message: unknown): unknown {
    const { module, state } = this;
    if (message instanceof CastMessage) {
      if (module.handleCast === undefined) throw this.#undefined('handleCast', 2);
      return module.handleCast(message.message, state);
    }
    if (message instanceof CallMessage) {
      if (module.handleCall === undefined) throw this.#undefined('handleCall', 3);
      return module.handleCall(message.request, message.from, state);
    }
    if (message instanceof ContinueMessage) {
      if (module.handleContinue === undefined) throw this.#undefined('handleContinue', 2);
      return module.handleContinue(message.value, state);
    }
    if (isParentExit(message, this.#process)) return ['stop', message.reason, state];
    this.#info = message;
    if (module.handleInfo !== undefined) return module.handleInfo(message, state);
    log(
      'warning',
      {
        kind: 'message',
        text: 'a message came to a server without handleInfo and was dropped',
        server: this.#process.name ?? this.#process.pid,
        message: kindOf(message),
      },
      this.#process.pid,
    );
    return ['noreply', state];
  }

  #undefined(callback: string, arity: number): Exit {
    return new Exit(['undef', [this.#process.label, callback, arity]]);
  }

  #threw(thrown: unknown, from: Replier | undefined): void | Promise<void> {
    return isReturn(thrown) ? this.#obey(thrown, from) : this.terminate(reasonOf(thrown));
  }

  #obey(result: unknown, from: Replier | undefined): void | Promise<void> {
    if (!this.#process.alive) return undefined;
    if (isTuple(result)) {
      switch (result[0]) {
        case 'noreply':
          if (!endsWell(result, 2)) break;
          this.state = result[1];
          this.#process.debug?.handle(['noreply', this.state]);
          return this.#goOn(result, 2);
        case 'reply':
          if (from === undefined || !endsWell(result, 3)) break;
          this.state = result[2];
          try {
            from.settle(result[1]);
          } catch (thrown) {
            // The callback answered a caller in another isolate with what cannot cross.
            return this.terminate(reasonOf(thrown));
          }
          this.#process.debug?.handle(['out', result[1], from, this.state]);
          return this.#goOn(result, 3);
        case 'stop':
          if (from !== undefined && result.length === 4) {
            this.state = result[3];
            return this.terminate(result[1], () => {
              from.settle(result[2]);
              this.#process.debug?.handle(['out', result[2], from, this.state]);
            });
          }
          if (result.length !== 3) break;
          this.state = result[2];
          return this.terminate(result[1]);
      }
    }
    return this.terminate(['bad_return_value', result]);
  }

  /** The step is over; what comes after may stand at that place of the result. */
  #goOn(result: readonly unknown[], place: number): void {
    if (this.#step !== undefined) this.#step = undefined;
    if (this.#info !== undefined) this.#info = undefined;
    if (result.length > place) this.#next(result[place]);
  }

  /** What {@link endsWell} let pass. */
  #next(next: unknown): void {
    if (next === 'hibernate' || next === Infinity || next === 'infinity') return;
    if (typeof next === 'number') this.#startTimeout(next);
    else if (isTuple(next) && isTimed(next)) this.#startTimed(next as unknown as Timed);
    else this.#comeFirst(new ContinueMessage(continuation(next)));
  }

  /** Ahead of everything, system messages too. */
  #comeFirst(message: ContinueMessage | TimedMessage): void {
    (this.#process.system ??= []).unshift(message);
  }

  #startTimed(timed: Timed): void {
    const leftMs = untilOver(timed);
    if (leftMs === Infinity) return;
    const message = new TimedMessage(timed[2]);
    this.#timeout = message;
    if (leftMs > 0) this.#timer = after(leftMs, () => this.#timeIsOver(message));
    else this.#comeFirst(message);
  }

  /** A timeout of 0 still takes a queued message first. */
  #startTimeout(timeoutMs: number): void {
    this.#timeout = timeoutMs;
    if (timeoutMs > 0) this.#timer = after(timeoutMs, () => this.#timeIsOver(TIMEOUT));
    else this.#timeIsOver(TIMEOUT);
  }

  /** A message that waits already cancels the timeout, although it was not handled yet. */
  #timeIsOver(message: TimeoutMessage | TimedMessage): void {
    this.#timer = undefined;
    if (this.#process.alive && this.#process.mailbox.length === 0) deliver(this.#process, message);
  }

  #cancelTimeout(): void {
    this.#timeout = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Stops the timeout, to begin anew later; one that has fired and was not handled yet, too. */
  #holdTimeout(): void {
    if (typeof this.#timeout !== 'number') return;
    if (this.#timer === undefined) this.#process.mailbox.extract(message => message === TIMEOUT);
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Runs the module's `terminate`, then answers whoever waits for the end, then ends. */
  terminate(reason: ExitReason, answer?: () => void): void | Promise<void> {
    const process = this.#process;
    if (!process.alive) return undefined;
    this.#cancelTimeout();
    const finish = (final: ExitReason): void => {
      if (!process.alive) return;
      answer?.();
      if (this.#step !== undefined) keepCrash(process, this.#step, final);
      crash(process, final);
    };
    // If it fails, that is what ended the process.
    const last =
      keepsCrashes() && this.module.terminate !== undefined
        ? stepOf(this.module, 'terminate', [reason], this.state)
        : undefined;
    let result: unknown;
    try {
      result = resultOf(() => this.module.terminate?.(reason, this.state));
    } catch (thrown) {
      this.#step = last;
      finish(reasonOf(thrown));
      return undefined;
    }
    if (isThenable(result)) {
      return result.then(
        () => finish(reason),
        (thrown: unknown) => {
          this.#step = last;
          finish(reasonOf(thrown));
        },
      );
    }
    finish(reason);
    return undefined;
  }

  /** For reports. Message contents and states stay out of logs. */
  describe(): Readonly<Record<string, unknown>> {
    const last = this.#lastMessage;
    return {
      behaviour: 'gen_server',
      lastMessage: last === undefined || typeof last === 'string' ? last : kindOf(last),
      ...(last instanceof CallMessage && { client: last.from.pid }),
    };
  }

  /** Unless the module says in `formatStatus` what may be seen: what it answers is, part by part. */
  describeCrash(reason: ExitReason): ShownStatus | undefined {
    // A start that fails has no state yet: nobody is asked, as in OTP.
    if (this.#process.phase === 'starting') return undefined;
    const last = this.#lastMessage;
    const log = getLog(this.#process);
    // OTP reports a stop before the reply to it goes out.
    const replied =
      last instanceof CallMessage && log.at(-1)?.[0] === 'out' && log.at(-1)?.[2] === last.from;
    return shownBy(this.module, {
      state: this.state,
      message: last instanceof CallMessage ? last.request : (this.#info ?? asErlangs(last)),
      reason,
      log: replied ? log.slice(0, -1) : log,
    });
  }

  release(): void {
    this.#cancelTimeout();
  }

  getState(): unknown {
    return this.state;
  }

  replaceState(change: (state: unknown) => unknown): unknown {
    this.state = change(this.state);
    return this.state;
  }

  modules(): readonly object[] | undefined {
    return this.module.modulesOf?.(this.state);
  }

  checkpoint(): () => void {
    const { module, state } = this;
    const putBack = (module.checkpointOf ?? rememberEntries)(state);
    return () => {
      this.module = module;
      this.state = state;
      putBack();
    };
  }

  changeCode(module: object, oldVersion: unknown, extra: unknown): void {
    const next = module as CallbackModule;
    const { state } = this;
    const turning = isDowngrade(oldVersion) ? this.module : next;
    const layered = this.module.changeModule !== undefined;
    const result = layered
      ? this.module.changeModule?.(module, oldVersion, state, extra)
      : resultOf(() =>
          turning.codeChange === undefined
            ? ['ok', state]
            : turning.codeChange(oldVersion, state, extra),
        );
    const [tag, turned] = isTuple(result) && result.length === 2 ? result : [];
    if (tag !== 'ok') throw new Exit(tag === 'error' ? turned : ['bad_return_value', result]);
    if (!layered) this.module = next;
    this.state = turned;
  }

  /** Erlang's change of code calls `code_change/3` in any case. */
  checkCode(module: object, oldVersion: unknown): void {
    if (this.module.changeModule !== undefined) return;
    const turning = isDowngrade(oldVersion) ? this.module : (module as CallbackModule);
    if (turning.codeChange === undefined) throw this.#undefined('codeChange', 3);
  }

  formatStatus(): unknown {
    const status = { state: this.state, log: getLog(this.#process) };
    return { ...status, ...shownBy(this.module, status) };
  }
}
