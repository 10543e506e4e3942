/**
 * What a process that is being debugged does with each of its system events: `sys.erl`,
 * `handle_debug/4`. A process that is not has no {@link Debug}, and pays one read per message.
 */
import type { Name, Pid } from '../pid.ts';
import { showEvent } from './event-format.ts';
import type { FormatEvent, SystemEvent } from './system-event.ts';

/** The process as its debug functions are told of it: by its name, else by its pid. */
export interface Debugged {
  readonly pid: Pid;
  readonly name: Name | undefined;
  readonly callbacks: number;
  /** Undefined again when the last item has gone. */
  debug: Debug | undefined;
}

/** One thing that is done with every event. */
export interface DebugItem {
  /** What it is installed and removed by: `'trace'`, `'log'`, a function, the id of one. */
  readonly key: unknown;
  /** Answers false when it is done and goes. */
  handle(event: SystemEvent, extra: unknown, format: FormatEvent): boolean;
  /** What `getStatus` shows of it. */
  describe(): unknown;
  close?(): void;
}

export class Debug {
  readonly #process: Debugged;
  /** The newest first, as in Erlang's list. Replaced, never changed: an item may remove others. */
  #items: readonly DebugItem[] = [];

  constructor(process: Debugged) {
    this.#process = process;
  }

  /**
   * Hands an event to all items.
   * @param extra what debug functions get as the process: its name or pid, or what a behaviour adds
   * @param format how the behaviour says the event in a line, for trace and files
   */
  handle(
    event: SystemEvent,
    extra: unknown = this.#process.name ?? this.#process.pid,
    format: FormatEvent = showEvent,
  ): void {
    for (const item of this.#items) {
      if (this.#items.includes(item) && !item.handle(event, extra, format)) this.#drop(item);
    }
  }

  /** Once per key: a second one of the same key changes nothing. */
  install(item: DebugItem): void {
    if (this.find(item.key) === undefined) this.#items = [item, ...this.#items];
  }

  find(key: unknown): DebugItem | undefined {
    return this.#items.find(item => item.key === key);
  }

  remove(key: unknown): void {
    const item = this.find(key);
    if (item !== undefined) this.#drop(item);
  }

  /** All go: `no_debug`, or the process is dead. */
  close(): void {
    for (const item of this.#items) this.#drop(item);
  }

  /** Erlang's list of debug options. */
  describe(): readonly unknown[] {
    return this.#items.map(item => item.describe());
  }

  #drop(item: DebugItem): void {
    this.#items = this.#items.filter(each => each !== item);
    item.close?.();
    if (this.#items.length === 0) this.#process.debug = undefined;
  }
}
