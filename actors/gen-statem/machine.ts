/**
 * A machine between two events: its modules, state, data, events and timeouts; and what `sys`, the
 * code server and reports can do with it. What it does with an event is in loop.ts.
 */
import { Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { resultOf } from '../gen-server/throw-returns.ts';
import type { Process } from '../process.ts';
import { getLog } from '../sys/debug-command.ts';
import { shownBy } from '../sys/format-status.ts';
import { rememberEntries } from '../sys/own-entries.ts';
import { isDowngrade } from '../sys/system-loop.ts';
import type { SystemCallbacks } from '../sys/system-loop.ts';
import { CallbackModules } from './callback-modules.ts';
import type { CallbackModule } from './callback-modules.ts';
import { describeEvent } from './events.ts';
import type { StatemEvent } from './events.ts';
import { Timeouts } from './timeouts.ts';
import type { StatemStatus } from './types.ts';

export abstract class Machine implements SystemCallbacks {
  readonly behaviour = 'gen_statem';
  protected readonly process: Process;
  protected readonly callbacks: CallbackModules;
  protected readonly timeouts: Timeouts;
  protected state: unknown = undefined;
  protected data: unknown = undefined;
  /** The event that is being handled; nothing of it is kept while the machine rests. */
  protected type: unknown = undefined;
  protected content: unknown = undefined;
  /** What comes before the mailbox; the next one last. */
  protected queue: StatemEvent[] = [];
  /** Oldest first. */
  protected postponed: StatemEvent[] = [];

  constructor(module: CallbackModule, process: Process) {
    this.process = process;
    this.callbacks = new CallbackModules(module, process.label);
    this.timeouts = new Timeouts(process);
  }

  abstract terminate(reason: ExitReason): void | Promise<void>;

  /** The module that is called. */
  get module(): CallbackModule {
    return this.callbacks.current;
  }

  /** Undefined when there is only the one that is called. */
  modules(): readonly object[] | undefined {
    return this.callbacks.isSingle ? undefined : this.callbacks.all;
  }

  getState(): unknown {
    return [this.state, this.data];
  }

  replaceState(change: (state: unknown) => unknown): unknown {
    const replaced = change([this.state, this.data]);
    if (!Array.isArray(replaced) || replaced.length !== 2) {
      throw new TypeError('replaceState() of a state machine needs a function to [state, data]');
    }
    [this.state, this.data] = replaced as unknown[];
    return replaced;
  }

  checkpoint(): () => void {
    const putBack = this.callbacks.checkpoint();
    const { state, data } = this;
    const putEntriesBack = rememberEntries(data);
    return () => {
      putBack();
      putEntriesBack();
      this.state = state;
      this.data = data;
    };
  }

  /** Erlang's change of code calls `code_change/4` in any case. */
  checkCode(module: object, oldVersion: unknown): void {
    const turning = isDowngrade(oldVersion) ? this.module : (module as CallbackModule);
    if (turning.codeChange === undefined) {
      throw new Exit(['undef', [this.process.label, 'codeChange', 4]]);
    }
  }

  /** Of a module that was pushed over only the code changes: state and data are not its own. */
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
      : [this.state, this.data];
    const mode = this.callbacks.ask(called ? next : this.module);
    this.callbacks.upgrade(replaced, next, mode);
    [this.state, this.data] = turned;
  }

  #turn(by: CallbackModule, oldVersion: unknown, extra: unknown): readonly unknown[] {
    if (by.codeChange === undefined) return [this.state, this.data];
    const result = resultOf(() => by.codeChange?.(oldVersion, this.state, this.data, extra));
    const [tag, ...turned] = Array.isArray(result) ? (result as unknown[]) : [];
    if (tag === 'ok' && turned.length === 2) return turned;
    throw new Exit(tag === 'error' ? turned[0] : ['bad_return_value', result]);
  }

  formatStatus(): unknown {
    const status = this.#status();
    return {
      modules: this.callbacks.all,
      callbackMode: this.#callbackMode(),
      ...status,
      ...this.#shown(status),
    };
  }

  /** For reports and observers. Contents of events, and data, stay out of them. */
  describe(): Readonly<Record<string, unknown>> {
    return {
      behaviour: this.behaviour,
      state: typeof this.state === 'string' ? this.state : typeof this.state,
      callbackMode: this.#callbackMode(),
      modules: this.callbacks.all.length,
      lastEvent: this.type === undefined ? undefined : describeEvent(this.type, this.content),
      queueLen: this.queue.length,
      postponedLen: this.postponed.length,
      timeouts: this.timeouts.size,
    };
  }

  /** Unless the module says in `formatStatus` what may be seen: what it answers is, part by part. */
  describeCrash(reason: ExitReason): Readonly<Record<string, unknown>> | undefined {
    const current = this.type === undefined ? [] : [[this.type, this.content] as const];
    const queue = [...current, ...this.queue.map(eventOf).reverse()];
    return this.#shown({ ...this.#status(), reason, queue });
  }

  #status(): StatemStatus {
    return {
      state: this.state,
      data: this.data,
      postponed: this.postponed.map(eventOf),
      timeouts: this.timeouts.list(),
      log: getLog(this.process),
    };
  }

  #shown(status: StatemStatus): Readonly<Record<string, unknown>> | undefined {
    const { module } = this;
    if (module.formatStatus === undefined) return undefined;
    const name = this.process.label;
    return shownBy({ name, formatStatus: seen => module.formatStatus?.(seen as never) }, status);
  }

  #callbackMode(): unknown {
    const { mode } = this.callbacks;
    return mode?.stateEnter === true ? [mode.mode, 'state_enter'] : mode?.mode;
  }
}

function eventOf({ type, content }: StatemEvent): readonly [type: unknown, content: unknown] {
  return [type, content];
}
