/**
 * The handlers of the log, in an event manager of their own with the name `logger`.
 *
 * Erlang calls handlers in the process that logs. Here a handler may be asynchronous and take its
 * time, and the runtime reports from places where nobody can wait: so each event is handed to a
 * process, where a handler that fails is removed and ends nothing else. The configuration stays
 * here: a manager that was killed is there again, with its handlers, at the next event.
 */
import { runOutside } from '../context.ts';
import * as genEvent from '../gen-event/gen-event.ts';
import { startManager } from '../gen-event/start.ts';
import type { GenEvent } from '../gen-event/types.ts';
import { CastMessage } from '../gen-server/messages.ts';
import type { Eventually } from '../gen-server/types.ts';
import { wallNow } from '../clock.ts';
import { forwardEvents, log } from '../logger.ts';
import type { LogEvent } from './event.ts';
import { processNamed } from '../process-table.ts';
import type { Process } from '../process.ts';
import { deliver } from '../signals.ts';
import { passFilters } from './filters.ts';
import type { FilterDefault, Filters } from './filters.ts';
import { enabled } from './levels.ts';
import type { LevelLimit } from './levels.ts';

/** What a handler is told of itself with each event. */
export interface HandlerConfig<Config = unknown> {
  readonly id: string;
  /** Default `'all'`. */
  readonly level: LevelLimit;
  readonly filters: Filters;
  /** What becomes of an event that every filter ignored; default `'log'`. */
  readonly filterDefault: FilterDefault;
  /** Whatever the handler needs. */
  readonly config: Config;
}

/** A handler's callback module, with the callbacks of Erlang's `logger_handler`. */
export interface LogHandler<Config = never> {
  log(event: LogEvent, config: HandlerConfig<Config>): Eventually<void>;
  /** May refuse, or complete the configuration. */
  addingHandler?(
    config: HandlerConfig<Config>,
  ): Eventually<readonly ['ok', HandlerConfig<Config>] | readonly ['error', unknown]>;
  /** Told when it is removed, also for a failure of its own. */
  removingHandler?(config: HandlerConfig<Config>): Eventually<void>;
}

export interface KnownHandler {
  readonly module: LogHandler;
  config: HandlerConfig;
}

/** Those that are installed, and the one that is being added, by id. */
export const handlers = new Map<string, KnownHandler>();

export const MANAGER = 'logger';

/** Past so many that wait, events are dropped and counted. */
export const WAITING_EVENTS_LIMIT = 1_000;

let dropped = 0;
let starting = false;

/** The gen_event handler that stands for one handler of the log: its state is the id. */
const adapter: GenEvent<string, string, LogEvent> = {
  name: 'logger_handler',

  init(id) {
    const known = handlers.get(id);
    if (known === undefined) return ['error', ['not_found', id]];
    const adding = known.module.addingHandler?.(known.config as HandlerConfig<never>);
    return then(adding, added => {
      if (added?.[0] === 'error') return added;
      if (added !== undefined) known.config = added[1];
      return ['ok', id] as const;
    });
  },

  handleEvent(event, id) {
    const known = handlers.get(id);
    if (known === undefined) return 'remove_handler';
    const { level, filters, filterDefault } = known.config;
    if (!enabled(event.level, level)) return ['ok', id];
    const passed = passFilters(event, filters, filterDefault, (filter, thrown) => {
      filterFailed(known, filter, thrown);
    });
    if (passed === undefined) return ['ok', id];
    const logged = known.module.log(passed, known.config as HandlerConfig<never>);
    return then(logged, () => ['ok', id] as const);
  },

  terminate(why, id) {
    const known = handlers.get(id);
    // A manager that ends is started anew, and its handlers with it.
    if (known === undefined || why === 'stop') return undefined;
    handlers.delete(id);
    if (handlers.size === 0) forwardEvents(undefined);
    return known.module.removingHandler?.(known.config as HandlerConfig<never>);
  },
};

function then<T, Next>(value: Eventually<T>, next: (value: T) => Next): Eventually<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function filterFailed(known: KnownHandler, filter: string, reason: unknown): void {
  const { config } = known;
  known.config = { ...config, filters: config.filters.filter(([id]) => id !== filter) };
  const text = 'a log handler’s filter failed and was removed';
  log('error', { kind: 'message', text, handler: config.id, filter, reason }, undefined);
}

/** Installs a handler that stands in {@link handlers}. */
export async function install(id: string): Promise<unknown> {
  requireManager([...handlers.keys()].filter(other => other !== id));
  const added = await genEvent.addHandler(MANAGER, [adapter, id], id);
  if (added === 'ok') forwardEvents(forward);
  else handlers.delete(id);
  return added;
}

export async function uninstall(id: string): Promise<unknown> {
  requireManager([...handlers.keys()]);
  return genEvent.deleteHandler(MANAGER, [adapter, id], 'removed');
}

/** The manager with these handlers; when it is gone it is started here, as nobody's child. */
function requireManager(ids: readonly string[]): Process | undefined {
  const running = processNamed(MANAGER);
  // What its start reports would ask for it again.
  if (running !== undefined || starting) return running;
  starting = true;
  try {
    runOutside(() => {
      const initial = ids.map(id => [[adapter, id], id] as const);
      void startManager({ name: MANAGER, label: MANAGER, mailboxLimit: Infinity }, initial);
    });
  } finally {
    starting = false;
  }
  return processNamed(MANAGER);
}

function forward(event: LogEvent): void {
  const manager = requireManager([...handlers.keys()]);
  if (manager === undefined || manager.mailbox.length >= WAITING_EVENTS_LIMIT) {
    dropped += 1;
    return;
  }
  if (dropped > 0) {
    const text = 'the log’s handlers are too slow: events were dropped';
    const report = { kind: 'message', text, dropped } as const;
    dropped = 0;
    tell(manager, { level: 'warning', report, pid: manager.pid, at: wallNow() });
  }
  tell(manager, event);
}

/** Not by a cast: who reports may be dead already. */
function tell(manager: Process, event: LogEvent): void {
  deliver(manager, new CastMessage({ kind: 'notify', event }));
}
