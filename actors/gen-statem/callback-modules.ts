/**
 * The callback modules of one machine: the one that is called, those that were pushed over, and the
 * mode in which it is called.
 */
import { Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { resultOf } from '../gen-server/throw-returns.ts';
import { modeOf } from './callback-mode.ts';
import type { Mode } from './callback-mode.ts';
import { Fault } from './fault.ts';
import type { StatemStatus } from './types.ts';

/** A callback module as the engine sees it: the types were checked where the machine was started. */
export interface CallbackModule {
  callbackMode?(): unknown;
  init?(arg: unknown): unknown;
  handleEvent?(type: unknown, content: unknown, state: unknown, data: unknown): unknown;
  terminate?(reason: ExitReason, state: unknown, data: unknown): unknown;
  codeChange?(oldVersion: unknown, state: unknown, data: unknown, extra: unknown): unknown;
  formatStatus?(status: StatemStatus): unknown;
  snapshot?(state: unknown): unknown;
}

type StateFunction = (type: unknown, content: unknown, data: unknown) => unknown;

/** No state has these names in state_functions mode. */
const CALLBACKS: ReadonlySet<string> = new Set<keyof CallbackModule>([
  'callbackMode',
  'init',
  'handleEvent',
  'terminate',
  'codeChange',
  'formatStatus',
  'snapshot',
]);

const NONE: readonly CallbackModule[] = [];

export class CallbackModules {
  readonly #label: string;
  #current: CallbackModule;
  /** The youngest first. */
  #below = NONE;
  #mode: Mode | undefined = undefined;

  /** @param label what reports call the machine */
  constructor(module: CallbackModule, label: string) {
    this.#current = module;
    this.#label = label;
  }

  get current(): CallbackModule {
    return this.#current;
  }

  /** The one that is called first, then those below it. */
  get all(): readonly CallbackModule[] {
    return [this.#current, ...this.#below];
  }

  /** Whether there is none but the one that is called. */
  get isSingle(): boolean {
    return this.#below.length === 0;
  }

  /** As `callbackMode` said it; undefined before it was asked. */
  get mode(): Mode | undefined {
    return this.#mode;
  }

  get stateEnter(): boolean {
    return this.#mode?.stateEnter === true;
  }

  /** Calls the module of the start, or another one in place of the one that is called now. */
  change(module: CallbackModule): void {
    this.#mode = this.ask(module);
    this.#current = module;
  }

  push(module: CallbackModule): void {
    this.#mode = this.ask(module);
    this.#below = [this.#current, ...this.#below];
    this.#current = module;
  }

  /** False when there is none below. */
  pop(): boolean {
    const [module, ...below] = this.#below;
    if (module === undefined) return false;
    this.#mode = this.ask(module);
    this.#current = module;
    this.#below = below;
    return true;
  }

  /**
   * Puts another version of a module in its place, wherever it stands.
   * @param mode of the module that is called from now on
   */
  upgrade(old: CallbackModule, module: CallbackModule, mode: Mode): void {
    const upgraded = (one: CallbackModule): CallbackModule => (one === old ? module : one);
    this.#mode = mode;
    this.#current = upgraded(this.#current);
    this.#below = this.#below.map(upgraded);
  }

  /** Remembers them as they are; what it returns puts them back. */
  checkpoint(): () => void {
    const current = this.#current;
    const below = this.#below;
    const mode = this.#mode;
    return () => {
      this.#current = current;
      this.#below = below;
      this.#mode = mode;
    };
  }

  /** The mode that a module says, before it is put in place. */
  ask(module: CallbackModule): Mode {
    if (typeof module.callbackMode !== 'function') throw this.#missing('callbackMode', 0);
    const said = resultOf(() => module.callbackMode?.());
    const mode = modeOf(said);
    if (mode === undefined) throw new Fault('bad_return_from_callback_mode', said);
    return mode;
  }

  /** Calls the state: its function, or the one for all states. */
  call(type: unknown, content: unknown, state: unknown, data: unknown): unknown {
    const module = this.#current;
    if (this.#mode?.mode === 'state_functions') {
      return this.#stateFunction(state).call(module, type, content, data);
    }
    if (module.handleEvent === undefined) throw this.#missing('handleEvent', 4);
    return module.handleEvent(type, content, state, data);
  }

  #stateFunction(state: unknown): StateFunction {
    if (typeof state !== 'string') throw new Exit(['badarg', [this.#label, state, 3]]);
    const found = (this.#current as Record<string, unknown>)[state];
    const inherited = (Object.prototype as unknown as Record<string, unknown>)[state];
    if (typeof found !== 'function' || found === inherited || CALLBACKS.has(state)) {
      throw this.#missing(state, 3);
    }
    return found as StateFunction;
  }

  #missing(callback: string, arity: number): Exit {
    return new Exit(['undef', [this.#label, callback, arity]]);
  }
}
