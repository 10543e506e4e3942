/**
 * One transition while it is made: what the results of the state call and of the state enter calls
 * ask for, until all is known. See `gen_statem.erl`, `loop_state_callback_result` and
 * `loop_actions_list`.
 */
import { isDeepStrictEqual } from 'node:util';
import { moduleToStart } from '../code/module-table.ts';
import type { ExitReason } from '../exit.ts';
import type { Address } from '../gen-server/address.ts';
import type { Replier } from '../gen-server/reply-slot.ts';
import type { Process } from '../process.ts';
import { listOf, timeoutOf } from './actions.ts';
import type { CallbackModules } from './callback-modules.ts';
import { answer, isEventType, isFrom, StatemEvent } from './events.ts';
import { Fault } from './fault.ts';
import { show } from './show.ts';
import type { TimeoutRequest } from './timeouts.ts';

/** What has to be done next: the transition, a state enter call, or the machine ends. */
export type Outcome = 'done' | 'enter' | 'stop';

export class Transition {
  /** The next state and data. */
  state: unknown = undefined;
  data: unknown = undefined;
  /** Whether the state is another one than before. */
  changed = false;
  postpone = false;
  /** The events that were inserted, the first one first. */
  inserted: StatemEvent[] | undefined = undefined;
  timeouts: TimeoutRequest[] | undefined = undefined;
  /** Why the machine ends. */
  stopReason: ExitReason = undefined;
  readonly #process: Process;
  readonly #modules: CallbackModules;

  constructor(process: Process, modules: CallbackModules) {
    this.#process = process;
    this.#modules = modules;
  }

  /** Begins with the state and data as they are. */
  begin(state: unknown, data: unknown): void {
    this.state = state;
    this.data = data;
    this.changed = false;
    this.postpone = false;
    this.inserted = undefined;
    this.timeouts = undefined;
  }

  /** Obeys what the start returned in place of a state. */
  obeyInit(actions: unknown): Outcome {
    const outcome = this.#act(actions, true, true);
    // The event that stands for the start is none: it cannot come again.
    this.postpone = false;
    return outcome;
  }

  /**
   * Obeys what a state returned.
   * @param stateCall false for a state enter call, which may do less
   * @throws Fault for what no state may return
   */
  obey(result: unknown, stateCall: boolean): Outcome {
    if (result === 'keep_state_and_data') return 'done';
    if (Array.isArray(result)) return this.#obeyTuple(result, stateCall);
    if (result === 'repeat_state_and_data') return this.#entering(true);
    if (result === 'stop') return this.#stop('normal');
    throw badReturn(result);
  }

  #obeyTuple(result: readonly unknown[], stateCall: boolean): Outcome {
    const { length } = result;
    switch (result[0]) {
      case 'keep_state':
      case 'repeat_state':
        if (length !== 2 && length !== 3) break;
        this.data = result[1];
        return this.#act(result[2], result[0] === 'repeat_state', stateCall);
      case 'next_state': {
        if (length !== 3 && length !== 4) break;
        const changed = !isSame(result[1], this.state);
        if (changed) {
          if (!stateCall) throw new Fault('bad_state_enter_return_from_state_function', result);
          this.changed = true;
        }
        this.state = result[1];
        this.data = result[2];
        return this.#act(result[3], changed, stateCall);
      }
      case 'keep_state_and_data':
      case 'repeat_state_and_data':
        if (length !== 2) break;
        return this.#act(result[1], result[0] === 'repeat_state_and_data', stateCall);
      case 'stop':
        if (length !== 2 && length !== 3) break;
        if (length === 3) this.data = result[2];
        return this.#stop(result[1]);
      case 'stop_and_reply':
        if (length !== 3 && length !== 4) break;
        if (length === 4) this.data = result[3];
        for (const reply of listOf(result[2])) this.#replyAtTheEnd(reply);
        return this.#stop(result[1]);
    }
    throw badReturn(result);
  }

  #stop(reason: ExitReason): Outcome {
    this.stopReason = reason;
    return 'stop';
  }

  #entering(enter: boolean): Outcome {
    return enter && this.#modules.stateEnter ? 'enter' : 'done';
  }

  #act(actions: unknown, enter: boolean, stateCall: boolean): Outcome {
    if (actions !== undefined) {
      for (const action of listOf(actions)) this.#actOnce(action, stateCall);
    }
    return this.#entering(enter);
  }

  #actOnce(action: unknown, stateCall: boolean): void {
    if (Array.isArray(action) ? this.#tuple(action, stateCall) : this.#atom(action, stateCall)) {
      return;
    }
    const request = timeoutOf(action);
    if (request === undefined) throw badAction(action);
    (this.timeouts ??= []).push(request);
  }

  /** False when it is not one of these. */
  #atom(action: unknown, stateCall: boolean): boolean {
    switch (action) {
      case 'hibernate':
        return true;
      case 'postpone':
        if (!stateCall) throw badEnterAction(action);
        this.postpone = true;
        return true;
      case 'pop_callback_module':
        if (this.#modules.isSingle) throw badAction(action);
        if (!stateCall) throw badEnterAction(action);
        this.#modules.pop();
        this.#showModule();
        return true;
      default:
        return false;
    }
  }

  #tuple(action: readonly unknown[], stateCall: boolean): boolean {
    const [tag, one, two] = action;
    switch (tag) {
      case 'reply':
        if (action.length !== 3 || !isFrom(one)) throw badAction(action);
        this.#reply(one, two);
        return true;
      case 'hibernate':
        if (action.length !== 2 || typeof one !== 'boolean') throw badAction(action);
        return true;
      case 'postpone':
        if (action.length !== 2 || typeof one !== 'boolean') throw badAction(action);
        if (one && !stateCall) throw badAction(action);
        this.postpone = one;
        return true;
      case 'next_event':
        if (action.length !== 3) throw badAction(action);
        if (!stateCall) throw badEnterAction(action);
        if (!isEventType(one)) throw badAction(action);
        (this.inserted ??= []).push(new StatemEvent(one, two));
        show(this.#process, 'in', [one, two], this.state);
        return true;
      case 'change_callback_module':
      case 'push_callback_module':
        if (action.length !== 2 || typeof one !== 'object' || one === null) {
          throw badAction(action);
        }
        if (!stateCall) throw badEnterAction(action);
        this.#takeModule(tag, one);
        return true;
      default:
        return false;
    }
  }

  #replyAtTheEnd(action: unknown): void {
    const good = Array.isArray(action) && action.length === 3 && action[0] === 'reply';
    const [, from, value] = good ? (action as readonly unknown[]) : [];
    if (!isFrom(from)) throw new Fault('bad_reply_action_from_state_function', action);
    this.#reply(from, value);
  }

  /** @throws TypeError when the caller is in another isolate and the value cannot cross */
  #reply(from: Replier | Address, value: unknown): void {
    answer(from, value);
    show(this.#process, 'out', value, from);
  }

  /** Of a module that the code server knows the version that runs now. */
  #takeModule(tag: 'change_callback_module' | 'push_callback_module', named: object): void {
    const module = moduleToStart(named, this.#process.codeKey);
    if (tag === 'change_callback_module') this.#modules.change(module);
    else this.#modules.push(module);
    this.#showModule();
  }

  #showModule(): void {
    show(this.#process, 'module', this.#modules.current, this.state);
  }
}

/** States are compared as Erlang's `=:=` compares terms: by their contents. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return typeof one === 'object' && typeof other === 'object' && isDeepStrictEqual(one, other);
}

function badReturn(result: unknown): Fault {
  return new Fault('bad_return_from_state_function', result);
}

function badAction(action: unknown): Fault {
  return new Fault('bad_action_from_state_function', action);
}

function badEnterAction(action: unknown): Fault {
  return new Fault('bad_state_enter_action_from_state_function', action);
}
