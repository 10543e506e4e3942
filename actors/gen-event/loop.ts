/** The loop of an event manager. See `gen_event.erl`, `handle_msg/6` and `terminate_server/4`. */
import { Exit, reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { CallMessage, CastMessage } from '../gen-server/messages.ts';
import type { Replier } from '../gen-server/reply-slot.ts';
import type { Eventually } from '../gen-server/types.ts';
import { showElsewhere } from '../isolates/remote-from.ts';
import { unlink } from '../links.ts';
import { isExit, isParentExit } from '../parent-exit.ts';
import type { Process } from '../process.ts';
import type { Starting } from '../proc-lib.ts';
import { crash } from '../signals.ts';
import { getLog } from '../sys/debug-command.ts';
import { shownBy } from '../sys/format-status.ts';
import type { FormatsStatus } from '../sys/format-status.ts';
import { rememberEntries } from '../sys/own-entries.ts';
import { answerSystemMessage, isDowngrade } from '../sys/system-loop.ts';
import type { SystemCallbacks } from '../sys/system-loop.ts';
import type { SystemMessage } from '../sys/system-message.ts';
import { then } from './caught.ts';
import { incoming, showIncoming } from './debug-event.ts';
import { Handlers } from './handlers.ts';
import { isSameModule, named, titled } from './installed.ts';
import type { EventCallbacks, Installed } from './installed.ts';
import { kindOf } from '../kind-of.ts';
import { isNotification } from './requests.ts';
import type { EventRequest } from './requests.ts';

/** What `sys` shows as the module of an event manager; its handlers have theirs. */
const GEN_EVENT = { name: 'gen_event' };

export class EventManagerLoop implements Starting, SystemCallbacks {
  readonly module = GEN_EVENT;
  readonly #process: Process;
  readonly #handlers: Handlers;
  #lastMessage = 'none';

  constructor(process: Process) {
    this.#process = process;
    this.#handlers = new Handlers(process);
  }

  /** What does not come up is not there: there is nobody to tell. */
  install(initial: readonly (readonly [handler: object, arg: unknown])[]): Eventually<void> {
    const [first, ...rest] = initial;
    if (first === undefined) return undefined;
    return this.#then(this.#handlers.add(...first, false), () => this.install(rest));
  }

  begin(): boolean {
    return true;
  }

  handle(message: unknown): void | Promise<void> {
    if (isParentExit(message, this.#process)) return this.terminate(message.reason);
    const { debug } = this.#process;
    if (debug !== undefined) {
      debug.handle(incoming(message), undefined, showIncoming);
      // A debug function may have ended the process.
      if (!this.#process.alive) return undefined;
    }
    if (message instanceof CastMessage) return this.#cast(message.message);
    if (message instanceof CallMessage) return this.#called(message.request, message.from);
    this.#lastMessage = kindOf(message);
    if (!isExit(message)) return this.#handlers.notify('handleInfo', message);
    // First those go that it supervised; then the others may want to know.
    return then(this.#process, this.#handlers.supervisorDied(message.pid, message.reason), () =>
      this.#handlers.notify('handleInfo', message),
    );
  }

  handleSystem(message: unknown): void | Promise<void> {
    if (isParentExit(message, this.#process)) return this.terminate(message.reason);
    return answerSystemMessage(this.#process, this, message as SystemMessage);
  }

  #cast(message: unknown): void | Promise<void> {
    if (isNotification(message)) {
      this.#lastMessage = `notify ${kindOf(message.event)}`;
      return this.#handlers.notify('handleEvent', message.event);
    }
    this.#lastMessage = 'cast';
    return this.#handlers.notify('handleInfo', ['$gen_cast', message]);
  }

  #called(request: unknown, from: Replier): void | Promise<void> {
    this.#lastMessage = `call ${kindOf(request)}`;
    const answer = (value: unknown): void => from.settle(value);
    return this.#answer(request as EventRequest, from, answer);
  }

  #answer(
    request: EventRequest,
    from: Replier,
    answer: (value: unknown) => void,
  ): void | Promise<void> {
    const handlers = this.#handlers;
    switch (request.kind) {
      case 'sync_notify':
        return this.#then(handlers.notify('handleEvent', request.event), () => answer('ok'));
      case 'call':
        return this.#then(handlers.call(request.handler, request.request), reply =>
          this.#reply(from, reply),
        );
      case 'add_handler': {
        const { handler, arg, supervisor = false } = request;
        return this.#then(handlers.add(handler, arg, supervisor), answer);
      }
      case 'delete_handler':
        return this.#then(handlers.delete(request.handler, request.arg), reply =>
          this.#reply(from, reply),
        );
      case 'swap_handler': {
        const { handler, arg, next, nextArg, supervisor } = request;
        return this.#then(handlers.swap(handler, arg, next, nextArg, supervisor), answer);
      }
      case 'which_handlers':
        this.#show(from, handlers.list.map(named));
        return undefined;
      case 'get_modules':
        this.#show(from, this.modules());
        return undefined;
      default:
        return handlers.notify('handleInfo', ['$gen_call', from, request]);
    }
  }

  /** A reply that cannot cross to the caller's isolate is the caller's failure, not the manager's. */
  #reply(from: Replier, reply: unknown): void {
    try {
      from.settle(reply);
    } catch (thrown) {
      from.fail(reasonOf(thrown));
    }
  }

  /** Modules hold functions: a caller in another isolate gets a description of them. */
  #show(from: Replier, list: readonly unknown[]): void {
    if (!showElsewhere(from, list)) from.settle(list);
  }

  #then<T>(value: Eventually<T>, next: (value: T) => Eventually<void>): Eventually<void> {
    return then(this.#process, value, next);
  }

  /** Ends the handlers with `'stop'`, then the process; who supervised a handler goes on. */
  terminate(reason: ExitReason): void | Promise<void> {
    const process = this.#process;
    if (!process.alive) return undefined;
    const supervisors = this.#handlers.list.map(({ supervised }) => supervised);
    return this.#then(this.#handlers.stop(), () => {
      for (const pid of supervisors) {
        if (pid !== false && pid !== process.obeys) unlink(pid);
      }
      crash(process, reason);
    });
  }

  /** For the crash report. Contents of events stay out of logs. */
  describe(): Readonly<Record<string, unknown>> {
    const handlers = this.#handlers.list.map(titled);
    return { behaviour: 'gen_event', handlers, lastMessage: this.#lastMessage };
  }

  /** `[module, id or false, state]` of each handler. */
  getState(): unknown {
    return this.#handlers.list.map(triple);
  }

  /** The function gets and returns one handler's triple; one for which it fails keeps its state. */
  replaceState(change: (state: unknown) => unknown): unknown {
    return this.#handlers.list.map(installed => {
      const replaced = tryReplace(change, installed);
      if (replaced !== undefined) installed.state = replaced[2];
      return triple(installed);
    });
  }

  modules(): readonly object[] {
    return [...new Set(this.#handlers.list.map(({ module }) => module))];
  }

  checkpoint(): () => void {
    const { list } = this.#handlers;
    const before = list.map(({ module, state }) => ({ module, state }));
    const entries = before.map(({ state }) => rememberEntries(state));
    return () => {
      this.#handlers.list = list;
      list.forEach((installed, index) => Object.assign(installed, before[index]));
      for (const putBack of entries) putBack();
    };
  }

  /** Each handler of the module takes over its state, or none does. */
  changeCode(module: object, oldVersion: unknown, extra: unknown, replaced?: object): void {
    const next = module as EventCallbacks;
    const concerned = this.#handlers.list.filter(one =>
      replaced === undefined ? isSameModule(next, one.module) : one.module === replaced,
    );
    const states = concerned.map(({ module: current, state }) => {
      const turning = isDowngrade(oldVersion) ? current : next;
      if (turning.codeChange === undefined) return state;
      const result = turning.codeChange(oldVersion, state, extra);
      if (Array.isArray(result) && result[0] === 'ok' && result.length === 2) {
        return result[1] as unknown;
      }
      throw new Exit(['badmatch', result]);
    });
    concerned.forEach((installed, index) => {
      installed.module = next;
      installed.state = states[index];
    });
  }

  formatStatus(): unknown {
    return {
      handlers: this.#handlers.list.map(installed => {
        const { module, state, supervised } = installed;
        const shown = shownBy(module as FormatsStatus, { state, log: getLog(this.#process) });
        return { handler: named(installed), supervised, state, ...shown };
      }),
    };
  }
}

type Triple = readonly [module: object, id: unknown, state: unknown];

function triple({ module, id, state }: Installed): Triple {
  return [module, id, state];
}

function tryReplace(change: (state: unknown) => unknown, installed: Installed): Triple | undefined {
  const before = triple(installed);
  let after: unknown;
  try {
    after = change(before);
  } catch {
    // `sys:replace_state/2` asks for each handler by itself: one that fails does not spoil the others.
    return undefined;
  }
  if (!Array.isArray(after) || after.length !== 3) return undefined;
  const [module, id] = after as unknown as Triple;
  return module === before[0] && id === before[1] ? (after as unknown as Triple) : undefined;
}
