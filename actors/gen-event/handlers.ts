/**
 * The handlers of an event manager, the newest first, and what is done with them. See
 * `gen_event.erl`, `server_notify/4`, `server_call/4`, `server_swap_handler/6`, `do_terminate/7`.
 */
import { Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import type { Eventually } from '../gen-server/types.ts';
import { link } from '../links.ts';
import { log } from '../logger.ts';
import type { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import { send } from '../send.ts';
import { getLog } from '../sys/debug-command.ts';
import { shownBy } from '../sys/format-status.ts';
import type { FormatsStatus } from '../sys/format-status.ts';
import { isThenable } from '../thenable.ts';
import { caught, then } from './caught.ts';
import { installable, isNamedBy, labelOf, named, titled } from './installed.ts';
import type { EventCallbacks, Installed } from './installed.ts';
import { kindOf } from '../kind-of.ts';
import type { GenEventExitMessage } from './types.ts';

type Update = Installed | 'gone';

export class Handlers {
  list: readonly Installed[] = [];
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  /** What `init` returned when it was no `ok`, and then nothing was added. */
  add(handler: unknown, arg: unknown, supervised: Pid | false): Eventually<unknown> {
    const installed = installable(handler, supervised, this.#process.codeKey);
    if (supervised !== false) link(supervised);
    return this.#then(this.#run(installed.module, 'init', [arg]), result => {
      if (!isOk(result, 2) && !isHibernating(result, 3)) return result;
      installed.state = result[1];
      this.list = [installed, ...this.list];
      return 'ok';
    });
  }

  /** What the handler's `terminate` returned. */
  delete(handler: unknown, arg: unknown): Eventually<unknown> {
    const installed = this.#take(handler);
    if (installed === undefined) return ['error', 'module_not_found'];
    return this.#terminate(installed, arg, installed.state, 'delete', 'normal');
  }

  /** The new one is added whether the old one was there or not. */
  swap(
    old: unknown,
    arg: unknown,
    next: unknown,
    nextArg: unknown,
    supervisor: Pid | undefined,
  ): Eventually<unknown> {
    const installed = this.#take(old);
    const supervised = supervisor ?? installed?.supervised ?? false;
    const ended =
      installed === undefined
        ? 'error'
        : this.#terminate(installed, arg, installed.state, 'swapped', [
            'swapped',
            next,
            supervised,
          ]);
    return this.#then(ended, result =>
      this.#then(this.add(next, [nextArg, result], supervised), outcome =>
        outcome === 'ok' ? 'ok' : ['error', outcome],
      ),
    );
  }

  /** Every handler handles it, one after the other. */
  notify(callback: 'handleEvent' | 'handleInfo', event: unknown): Eventually<void> {
    const { list } = this;
    const kept: Installed[] = [];
    const keep = (update: Update): void => {
      if (update !== 'gone') kept.push(update);
    };
    const from = (first: number): Eventually<void> => {
      for (let index = first; index < list.length; index += 1) {
        const update = this.#update(list[index] as Installed, callback, event);
        if (isThenable(update)) {
          return this.#then(update, settled => {
            keep(settled);
            return from(index + 1);
          });
        }
        keep(update);
      }
      this.list = kept;
      return undefined;
    };
    return from(0);
  }

  /** The reply of the one handler that is meant. */
  call(handler: unknown, request: unknown): Eventually<unknown> {
    const installed = this.list.find(one => isNamedBy(handler, one));
    if (installed === undefined) return ['error', 'bad_module'];
    const { module, state } = installed;
    return this.#then(this.#run(module, 'handleCall', [request, state]), result =>
      this.#then(this.#called(installed, request, result), ([update, reply]) => {
        this.#replace(installed, update);
        return reply;
      }),
    );
  }

  #called(
    installed: Installed,
    request: unknown,
    result: unknown,
  ): Eventually<readonly [Update, reply: unknown]> {
    if (isOk(result, 3) || isHibernating(result, 4)) {
      installed.state = result[2];
      return [installed, result[1]];
    }
    if (isTuple(result, 'swap_handler', 6)) {
      const [, answer, arg, state, next, nextArg] = result;
      return this.#then(this.#swapItself(installed, arg, state, next, nextArg), update => [
        update,
        answer,
      ]);
    }
    if (isTuple(result, 'remove_handler', 2)) {
      return this.#then(this.#removed(installed), () => ['gone', result[1]]);
    }
    return this.#then(this.#crashed(installed, result, request), () => ['gone', ['error', result]]);
  }

  #update(
    installed: Installed,
    callback: 'handleEvent' | 'handleInfo',
    event: unknown,
  ): Eventually<Update> {
    if (callback === 'handleInfo' && installed.module.handleInfo === undefined) {
      this.#warnUnhandled(installed, event);
      return installed;
    }
    const result = this.#run(installed.module, callback, [event, installed.state]);
    return this.#then(result, value => this.#updated(installed, event, value));
  }

  #updated(installed: Installed, event: unknown, result: unknown): Eventually<Update> {
    if (isOk(result, 2) || isHibernating(result, 3)) {
      installed.state = result[1];
      return installed;
    }
    if (isTuple(result, 'swap_handler', 5)) {
      const [, arg, state, next, nextArg] = result;
      return this.#swapItself(installed, arg, state, next, nextArg);
    }
    const ended =
      result === 'remove_handler'
        ? this.#removed(installed)
        : this.#crashed(installed, result, event);
    return this.#then(ended, () => 'gone');
  }

  /** The next one takes its place in the list, and who supervised it supervises that. */
  #swapItself(
    installed: Installed,
    arg: unknown,
    state: unknown,
    next: unknown,
    nextArg: unknown,
  ): Eventually<Update> {
    const { supervised } = installed;
    const reason = ['swapped', next, supervised];
    return this.#then(this.#terminate(installed, arg, state, 'swapped', reason), ended => {
      const taking = installable(next, supervised, this.#process.codeKey);
      return this.#then(this.#run(taking.module, 'init', [[nextArg, ended]]), result => {
        if (isOk(result, 2)) {
          taking.state = result[1];
          return taking;
        }
        // Of a next one that does not come up OTP says no more than this to who supervised it.
        this.#report(taking, result, undefined, 'swapped');
        this.#tell(taking, 'crash');
        return 'gone';
      });
    });
  }

  #removed(installed: Installed): Eventually<unknown> {
    return this.#terminate(installed, 'remove_handler', installed.state, 'remove', 'normal');
  }

  #crashed(installed: Installed, result: unknown, message: unknown): Eventually<unknown> {
    return this.#terminate(installed, ['error', result], installed.state, message, result);
  }

  /** Ends those that the process supervised. */
  supervisorDied(pid: Pid, reason: ExitReason): Eventually<void> {
    const mourning = this.list.filter(({ supervised }) => supervised === pid);
    this.list = this.list.filter(({ supervised }) => supervised !== pid);
    return this.#endAll(mourning, ['stop', reason], ['parent_terminated', [pid, reason]]);
  }

  /** The manager ends. */
  stop(): Eventually<void> {
    const ending = this.list;
    this.list = [];
    return this.#endAll(ending, 'stop', 'stop');
  }

  #endAll(list: readonly Installed[], arg: unknown, message: unknown): Eventually<void> {
    const [first, ...rest] = list;
    if (first === undefined) return undefined;
    return this.#then(this.#terminate(first, arg, first.state, message, 'shutdown'), () =>
      this.#endAll(rest, arg, message),
    );
  }

  /** @returns what its `terminate` returned, `'ok'` without one */
  #terminate(
    installed: Installed,
    arg: unknown,
    state: unknown,
    message: unknown,
    reason: ExitReason,
  ): Eventually<unknown> {
    const { module } = installed;
    const ended =
      module.terminate === undefined ? 'ok' : caught(() => module.terminate?.(arg, state));
    return this.#then(ended, result => {
      if (!isExpected(reason)) this.#report(installed, reason, state, message);
      this.#tell(installed, reason);
      return result;
    });
  }

  #tell(installed: Installed, reason: ExitReason): void {
    if (installed.supervised === false) return;
    const handler = named(installed);
    const message: GenEventExitMessage = { kind: 'gen_event_EXIT', handler, reason };
    send(installed.supervised, message);
  }

  /** Contents of messages and states are only there when the module's `formatStatus` shows them. */
  #report(installed: Installed, reason: ExitReason, state: unknown, message: unknown): void {
    const { module } = installed;
    const { name, pid } = this.#process;
    const status = { state, message, reason, log: getLog(this.#process) };
    const shown = shownBy(module as FormatsStatus, status);
    log(
      'error',
      {
        kind: 'message',
        text: 'a gen_event handler crashed and was removed',
        handler: titled(installed),
        manager: name ?? pid,
        lastMessage: kindOf(message),
        reason,
        ...shown,
      },
      pid,
    );
  }

  #warnUnhandled({ module }: Installed, message: unknown): void {
    const { pid } = this.#process;
    const text = 'a message came to a gen_event handler without handleInfo and was dropped';
    log(
      'warning',
      { kind: 'message', text, module: labelOf(module), message: kindOf(message) },
      pid,
    );
  }

  #take(handler: unknown): Installed | undefined {
    const found = this.list.find(one => isNamedBy(handler, one));
    if (found !== undefined) this.list = this.list.filter(one => one !== found);
    return found;
  }

  #replace(old: Installed, update: Update): void {
    if (update === old) return;
    this.list = this.list.flatMap(one => {
      if (one !== old) return one;
      return update === 'gone' ? [] : update;
    });
  }

  #run(
    module: EventCallbacks,
    callback: 'init' | 'handleEvent' | 'handleCall' | 'handleInfo',
    args: readonly unknown[],
  ): Eventually<unknown> {
    return caught(() => {
      const run = (module as Partial<EventCallbacks> | undefined)?.[callback] as
        ((...args: readonly unknown[]) => unknown) | undefined;
      if (run === undefined) throw new Exit(['undef', [labelOf(module), callback, args.length]]);
      return run.apply(module, args as unknown[]);
    });
  }

  #then<T, Next>(value: Eventually<T>, next: (value: T) => Eventually<Next>): Eventually<Next> {
    return then(this.#process, value, next);
  }
}

function isExpected(reason: ExitReason): boolean {
  return reason === 'normal' || reason === 'shutdown' || isTuple(reason, 'swapped', 3);
}

function isTuple(value: unknown, tag: string, length: number): value is readonly unknown[] {
  return Array.isArray(value) && value[0] === tag && value.length === length;
}

function isOk(value: unknown, length: number): value is readonly unknown[] {
  return isTuple(value, 'ok', length);
}

function isHibernating(value: unknown, length: number): value is readonly unknown[] {
  return isTuple(value, 'ok', length) && value.at(-1) === 'hibernate';
}
