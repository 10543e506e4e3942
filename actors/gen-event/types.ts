/** The types of a gen-event: its handlers' callback modules and what these return. */
import type { ExitReason } from '../exit.ts';
import type { AnyRequest, Eventually, ReplyOf } from '../gen-server/types.ts';
import type { ExitMessage } from '../messages.ts';
import type { ShownStatus, Status } from '../sys/format-status.ts';

/**
 * Names a handler that is installed: its module, or the module with an id where there are several
 * of one. A module with a `name` is known by that, as in Erlang: so another version of it is the
 * same handler, and a caller in another isolate, who does not have the module, says its name.
 */
export type Handler = object | string | readonly [module: object | string, id: unknown];

/** A handler that is to be installed: here the module itself is needed. */
export type NewHandler<Arg = never> =
  EventModule<Arg> | readonly [module: EventModule<Arg>, id: unknown];

type EventModule<Arg> = { init(arg: Arg): unknown };

export type EventInitResult<State> =
  readonly ['ok', State] | readonly ['ok', State, 'hibernate'] | readonly ['error', unknown];

/** Ends this handler, whose `terminate` gets `arg`, and begins the other: `init([arg2, result])`. */
type Swap<State> = readonly ['swap_handler', arg: unknown, State, NewHandler, arg2: unknown];

export type EventResult<State> =
  readonly ['ok', State] | readonly ['ok', State, 'hibernate'] | Swap<State> | 'remove_handler';

export type EventCallResult<Reply, State> =
  | readonly ['ok', Reply, State]
  | readonly ['ok', Reply, State, 'hibernate']
  | readonly ['swap_handler', Reply, arg: unknown, State, NewHandler, arg2: unknown]
  | readonly ['remove_handler', Reply];

/** Why a handler's `terminate` is called, besides what `deleteHandler` and a swap hand it. */
export type EventTermination =
  'stop' | 'remove_handler' | readonly ['stop', ExitReason] | readonly ['error', unknown];

/** A handler's callback module: functions only, the state is handed through them. */
export interface GenEvent<
  Arg = unknown,
  State = unknown,
  Event = never,
  Call extends AnyRequest = never,
  Info = never,
> {
  readonly name?: string;
  /** Anything but `['ok', …]` is what `addHandler` returns, and nothing is installed. */
  init(arg: Arg): Eventually<EventInitResult<State>>;
  handleEvent(event: Event, state: State): Eventually<EventResult<State>>;
  handleCall?(request: Call, state: State): Eventually<EventCallResult<ReplyOf<Call>, State>>;
  /** Other messages; without it a warning is logged. */
  handleInfo?(message: Info | ExitMessage, state: State): Eventually<EventResult<State>>;
  /** What it returns is what `deleteHandler` returns, or what a swap hands the next handler. */
  terminate?(arg: unknown, state: State): unknown;
  /** Turns the state of an old version of the module into one of this version. */
  codeChange?(oldVersion: unknown, state: unknown, extra: unknown): readonly ['ok', State];
  /** What `sys.getStatus` and the report of a crash show. */
  formatStatus?(status: Status<State>): ShownStatus;
}

/** Tells who added a handler with `addSupHandler` that it is gone. */
export interface GenEventExitMessage {
  readonly kind: 'gen_event_EXIT';
  readonly handler: Handler;
  /** `'normal'`, `'shutdown'`, `['swapped', newHandler, pid]`, or what it crashed with. */
  readonly reason: ExitReason;
}
