/** What can be done with system events: trace, log, count, write to a file, call a function. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { wallNow } from '../clock.ts';
import { log } from '../logger.ts';
import type { Debugged, DebugItem } from './debug.ts';
import { printLine } from './event-format.ts';
import type { FormatEvent, SystemEvent } from './system-event.ts';

/** Prints every event. */
export class Trace implements DebugItem {
  readonly key = 'trace';

  handle(event: SystemEvent, extra: unknown, format: FormatEvent): boolean {
    printLine(format(event, extra));
    return true;
  }

  describe(): unknown {
    return ['trace', true];
  }
}

interface Entry {
  readonly event: SystemEvent;
  readonly extra: unknown;
  readonly format: FormatEvent;
}

export const DEFAULT_LOG_LENGTH = 10;

/** Keeps the last events. */
export class EventLog implements DebugItem {
  readonly key = 'log';
  #limit: number;
  #entries: Entry[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  handle(event: SystemEvent, extra: unknown, format: FormatEvent): boolean {
    this.#entries.push({ event, extra, format });
    if (this.#entries.length > this.#limit) this.#entries.shift();
    return true;
  }

  resize(limit: number): void {
    this.#limit = limit;
    this.#entries = this.#entries.slice(-limit);
  }

  /** The oldest first. */
  events(): SystemEvent[] {
    return this.#entries.map(({ event }) => event);
  }

  print(): void {
    for (const { event, extra, format } of this.#entries) printLine(format(event, extra));
  }

  describe(): unknown {
    return ['log', [this.#limit, this.events()]];
  }
}

/** What `sys.statistics(server, 'get')` answers. */
export interface Statistics {
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly currentTime: number;
  /** Callbacks run meanwhile: there is nothing finer to count. */
  readonly reductions: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

/** Counts what comes in and goes out. */
export class EventCounts implements DebugItem {
  readonly key = 'statistics';
  readonly #process: Debugged;
  readonly #startTime = wallNow();
  readonly #callbacks: number;
  #messagesIn = 0;
  #messagesOut = 0;

  constructor(process: Debugged) {
    this.#process = process;
    this.#callbacks = process.callbacks;
  }

  handle([kind]: SystemEvent): boolean {
    if (kind === 'in') this.#messagesIn += 1;
    else if (kind === 'out') this.#messagesOut += 1;
    return true;
  }

  statistics(): Statistics {
    return {
      startTime: this.#startTime,
      currentTime: wallNow(),
      reductions: this.#process.callbacks - this.#callbacks,
      messagesIn: this.#messagesIn,
      messagesOut: this.#messagesOut,
    };
  }

  describe(): unknown {
    return ['statistics', this.statistics()];
  }
}

/** Writes every event to a file, at once. */
export class LogFile implements DebugItem {
  readonly key = 'log_to_file';
  readonly #process: Debugged;
  readonly #path: string;
  readonly #file: number;

  /** @throws the error of the file system when it cannot be opened; what was in it is gone */
  constructor(process: Debugged, path: string) {
    this.#process = process;
    this.#path = path;
    this.#file = openSync(path, 'w');
  }

  /** A disk that is full ends the file, not the process that is being looked at. */
  handle(event: SystemEvent, extra: unknown, format: FormatEvent): boolean {
    try {
      writeSync(this.#file, `${format(event, extra)}\n`);
      return true;
    } catch (error) {
      const text = `sys.logToFile() could not write to ${this.#path} and stopped: ${String(error)}`;
      log('warning', { kind: 'message', text }, this.#process.pid);
      return false;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  describe(): unknown {
    return ['log_to_file', this.#path];
  }
}

/**
 * A debug function: gets its own state, the event, and the process by name or pid, and returns
 * `'done'` to be removed or its next state. Runs as the process, so it must be quick, and not
 * asynchronous.
 */
export type DebugFunction<State = unknown> = (
  state: State,
  event: SystemEvent,
  process: unknown,
) => unknown;

export class InstalledFunction implements DebugItem {
  readonly key: unknown;
  readonly #fn: DebugFunction;
  #state: unknown;

  constructor(id: unknown, fn: DebugFunction, state: unknown) {
    this.key = id;
    this.#fn = fn;
    this.#state = state;
  }

  handle(event: SystemEvent, extra: unknown): boolean {
    let next: unknown;
    try {
      next = this.#fn(this.#state, event, extra);
    } catch (thrown) {
      // Erlang's throw returns, its errors and exits remove the function, silently.
      if (thrown instanceof Error) return false;
      next = thrown;
    }
    this.#state = next;
    return next !== 'done';
  }

  describe(): unknown {
    return this.key === this.#fn ? [this.#fn, this.#state] : [this.key, [this.#fn, this.#state]];
  }
}
