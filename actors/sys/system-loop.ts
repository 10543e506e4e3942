/** How a behaviour answers system messages. See `sys.erl`, `do_cmd/6`. */
import { reasonOf } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { classOf } from '../gen-server/throw-returns.ts';
import { isParentExit } from '../parent-exit.ts';
import type { Process } from '../process.ts';
import { debugCommand } from './debug-command.ts';
import type { SystemMessage, SystemRequest } from './system-message.ts';

/** What a behaviour lets `sys` do with it. */
export interface SystemCallbacks {
  readonly module: object;
  /** Erlang's name of the behaviour, for the reason of a failed request; default `'gen_server'`. */
  readonly behaviour?: string;
  /**
   * The callback modules that the process runs, when that is not just `module`: an event manager's
   * handlers, the module behind a supervisor. Undefined when it is.
   */
  modules?(): readonly object[] | undefined;
  getState(): unknown;
  replaceState(change: (state: unknown) => unknown): unknown;
  /** Refuses, by a throw, a change that no `codeChange` would be asked about. */
  checkCode?(module: object, oldVersion: unknown): void;
  /**
   * Puts another version of a callback module in place and turns the state. An upgrade asks the
   * `codeChange` of the new module, a downgrade (see {@link isDowngrade}) that of the one that runs.
   * `replaced` says which one goes, where there are several.
   */
  changeCode(module: object, oldVersion: unknown, extra: unknown, replaced?: object): void;
  /** Remembers code and state as they are; what it returns puts them back. */
  checkpoint(): () => void;
  formatStatus(): unknown;
  terminate(reason: ExitReason): void | Promise<void>;
}

/** OTP's `{down, Vsn}`: the newer module, which runs, has to make a state for the older one. */
export function isDowngrade(oldVersion: unknown): oldVersion is readonly ['down', unknown] {
  return Array.isArray(oldVersion) && oldVersion.length === 2 && oldVersion[0] === 'down';
}

/** Obeys one request and answers it. Foreign code that throws keeps state and module as they were. */
export function answerSystemMessage(
  process: Process,
  callbacks: SystemCallbacks,
  message: SystemMessage,
): void | Promise<void> {
  const { request } = message;
  switch (request.kind) {
    case 'suspend':
      process.suspended = true;
      obeyParentAllTheSame(process);
      message.answer('ok');
      return undefined;
    case 'resume':
      process.suspended = false;
      message.answer('ok');
      return undefined;
    case 'getState':
      attempt(message, () => callbacks.getState(), [callbacks, 'system_get_state']);
      return undefined;
    case 'replaceState':
      attempt(message, () => callbacks.replaceState(request.change), [
        callbacks,
        'system_replace_state',
      ]);
      return undefined;
    case 'getStatus':
      attempt(message, () => ({
        status: process.suspended ? 'suspended' : 'running',
        pid: process.pid,
        parent: process.obeys,
        name: process.name,
        module: callbacks.module,
        debug: process.debug?.describe() ?? [],
        ...asDetails(callbacks.formatStatus()),
      }));
      return undefined;
    case 'changeCode':
      if (!process.suspended) message.refuse('not_suspended');
      else {
        attempt(message, () => {
          if (request.strict === true) callbacks.checkCode?.(request.module, request.oldVersion);
          changeOrPutBack(callbacks, request);
          return 'ok';
        });
      }
      return undefined;
    case 'debug':
      message.answer(debugCommand(process, request.command));
      return undefined;
    case 'terminate':
      message.answer('ok');
      return callbacks.terminate(request.reason);
    case 'stop':
      return callbacks.terminate(request.reason);
  }
}

/** A `codeChange` may have written into the old state before it failed. */
function changeOrPutBack(
  callbacks: SystemCallbacks,
  { module, oldVersion, extra, replaced }: Extract<SystemRequest, { kind: 'changeCode' }>,
): void {
  const putBack = callbacks.checkpoint();
  try {
    callbacks.changeCode(module, oldVersion, extra, replaced);
  } catch (thrown) {
    putBack();
    throw thrown;
  }
}

/** Its exit may wait among the ordinary messages already. */
function obeyParentAllTheSame(process: Process): void {
  const exits = process.mailbox.extract(message => isParentExit(message, process));
  if (exits.length > 0) (process.system ??= []).push(...exits);
}

/** What fails in Erlang's own callback of a behaviour is told with its name. */
type Failing = readonly [callbacks: SystemCallbacks, callback: string];

function attempt(message: SystemMessage, action: () => unknown, failing?: Failing): void {
  let result: unknown;
  try {
    result = action();
  } catch (thrown) {
    if (failing === undefined) message.refuse(['callback_failed', reasonOf(thrown)]);
    else {
      const [{ behaviour = 'gen_server' }, callback] = failing;
      message.refuse(['callback_failed', [behaviour, callback], classOf(thrown)]);
    }
    return;
  }
  message.answer(result);
}

function asDetails(status: unknown): object {
  return typeof status === 'object' && status !== null ? status : { state: status };
}
