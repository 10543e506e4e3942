/**
 * Special processes: `sys` for what is no behaviour but wants to be looked at like one. See `sys.erl`,
 * `handle_system_msg/6`, and "Special Processes" in OTP's design principles.
 */
import { requireProcess } from '../context.ts';
import { Exit } from '../exit.ts';
import type { ExitReason } from '../exit.ts';
import { isParentExit } from '../parent-exit.ts';
import type { Behaviour, Process } from '../process.ts';
import { crash } from '../signals.ts';
import { isThenable } from '../thenable.ts';
import { getLog as logOf, installDebugOptions } from './debug-command.ts';
import type { DebugOption } from './debug-command.ts';
import type { FormatEvent, SystemEvent } from './system-event.ts';
import { answerSystemMessage } from './system-loop.ts';
import type { SystemCallbacks } from './system-loop.ts';
import type { SystemMessage } from './system-message.ts';

/** What handles the messages of a special process, and what `sys` may do with it. */
export interface SpecialProcess {
  readonly name?: string;
  /** An ordinary message; the parent's exit too, if the process traps exits. */
  handle(message: unknown): void | Promise<void>;
  /** Ends the process; the default is to exit with the reason. */
  systemTerminate?(reason: ExitReason): void | Promise<void>;
  systemGetState?(): unknown;
  /** Answers the new state. */
  systemReplaceState?(change: (state: unknown) => unknown): unknown;
  systemCodeChange?(module: object, oldVersion: unknown, extra: unknown): void;
  formatStatus?(): unknown;
}

/** True for what `procLib.start` takes as a special process. */
export function isSpecial(value: unknown): value is SpecialProcess {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<SpecialProcess>).handle === 'function'
  );
}

export class SpecialLoop implements Behaviour, SystemCallbacks {
  readonly behaviour: string;
  readonly #process: Process;
  readonly #special: SpecialProcess;

  constructor(process: Process, special: SpecialProcess) {
    this.#process = process;
    this.#special = special;
    this.behaviour = special.name ?? process.label;
  }

  get module(): object {
    return this.#special;
  }

  handle(message: unknown): void | Promise<void> {
    return this.#special.handle(message);
  }

  handleSystem(message: unknown): void | Promise<void> {
    if (isParentExit(message, this.#process)) return this.terminate(message.reason);
    return answerSystemMessage(this.#process, this, message as SystemMessage);
  }

  getState(): unknown {
    return this.#special.systemGetState?.();
  }

  replaceState(change: (state: unknown) => unknown): unknown {
    if (this.#special.systemReplaceState === undefined) throw this.#undefined('systemReplaceState');
    return this.#special.systemReplaceState(change);
  }

  changeCode(module: object, oldVersion: unknown, extra: unknown): void {
    if (this.#special.systemCodeChange === undefined) throw this.#undefined('systemCodeChange');
    this.#special.systemCodeChange(module, oldVersion, extra);
  }

  /** The code server leaves it alone: it says itself what a change of code is. */
  modules(): readonly object[] {
    return [];
  }

  checkpoint(): () => void {
    return () => undefined;
  }

  formatStatus(): unknown {
    return this.#special.formatStatus?.() ?? { state: this.getState(), log: logOf(this.#process) };
  }

  terminate(reason: ExitReason): void | Promise<void> {
    const ending = this.#special.systemTerminate?.(reason);
    const process = this.#process;
    if (isThenable(ending)) return ending.then(() => crash(process, reason));
    crash(process, reason);
    return undefined;
  }

  #undefined(callback: string): Exit {
    return new Exit(['undef', [this.behaviour, callback]]);
  }
}

/**
 * A special process tells of an event of its own, as a behaviour does: `sys.erl`, `handle_debug/4`.
 * Without debugging it does nothing; `extra` and `format` are who it happened to and how it is said.
 */
export function handleDebug(event: SystemEvent, extra?: unknown, format?: FormatEvent): void {
  requireProcess('sys.handleDebug()').debug?.handle(event, extra, format);
}

/** The events that the calling process has logged, the oldest first. */
export function getLog(): readonly SystemEvent[] {
  return logOf(requireProcess('sys.getLog()'));
}

/** Debugging of the calling process, by the options that a start takes. */
export function debugOptions(options: readonly DebugOption[]): void {
  installDebugOptions(requireProcess('sys.debugOptions()'), options);
}
