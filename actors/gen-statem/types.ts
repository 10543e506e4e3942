/** The types of a state machine: its events, actions, results and callback modules. */
import type { ExitReason } from '../exit.ts';
import type { Address } from '../gen-server/address.ts';
import type { From } from '../gen-server/from.ts';
import type { AnyRequest, Eventually, ReplyOf } from '../gen-server/types.ts';
import type { DownMessage, ExitMessage } from '../messages.ts';
import type { SystemEvent } from '../sys/system-event.ts';

/** One function per state, or one function for all of them. */
export type CallbackMode = 'state_functions' | 'handle_event_function';

/** With `'state_enter'` in a list: the state's function is also called when the state is entered. */
export type CallbackModeResult = CallbackMode | readonly (CallbackMode | 'state_enter')[];

/** The event timeout, the state timeout, or a timeout with a name (any value, compared deeply). */
export type TimeoutType = 'timeout' | 'state_timeout' | readonly ['timeout', unknown];

/** What kind of event a state function is given. `'enter'` is no event: it cannot be postponed. */
export type EventType<Reply = unknown> =
  readonly ['call', From<Reply>] | 'cast' | 'info' | 'internal' | TimeoutType;

/** Milliseconds; without end (`Infinity`, or Erlang's atom): the timeout is cancelled. */
export type Time = number | 'infinity';

/** `{ abs: true }`: the time is a point on the clock of `monotonicTime()`, not a distance. */
export type TimeoutOptions =
  | { readonly abs: boolean }
  | readonly ['abs', boolean]
  | readonly ({ readonly abs: boolean } | readonly ['abs', boolean])[];

export type TimeoutAction<Content = unknown> =
  /** An event timeout whose content is the time. */
  | Time
  | readonly [TimeoutType, Time, Content]
  | readonly [TimeoutType, Time, Content, TimeoutOptions]
  /** Another content for a timeout that runs; one that does not run elapses at once. */
  | readonly [TimeoutType, 'update', Content]
  | readonly [TimeoutType, 'cancel'];

/** To who called, or to a `[pid, tag]`, who gets the message `[tag, reply]`. */
export type ReplyAction<Reply = unknown> = readonly ['reply', From<Reply> | Address, Reply];

/** What a state enter call may ask for. */
export type EnterAction<Reply = unknown, Content = unknown> =
  | 'hibernate'
  | readonly ['hibernate', boolean]
  | readonly ['postpone', false]
  | TimeoutAction<Content>
  | ReplyAction<Reply>;

/** What a state function may ask for. Done in the order of the list; the last of a kind wins. */
export type Action<Reply = unknown, Content = unknown> =
  | 'postpone'
  | readonly ['postpone', boolean]
  | readonly ['next_event', EventType, unknown]
  | readonly ['change_callback_module' | 'push_callback_module', object]
  | 'pop_callback_module'
  | EnterAction<Reply, Content>;

/** One action, or a list. */
export type Actions<A = Action> = A | readonly A[];

export type InitResult<State, Data, Reply = unknown, Content = unknown> =
  | readonly ['ok', State, Data]
  | readonly ['ok', State, Data, Actions<Action<Reply, Content>>]
  | 'ignore'
  | readonly ['ignore']
  | readonly ['stop', ExitReason]
  | readonly ['error', ExitReason];

type KeepOrStop<Data, A, Reply> =
  | readonly ['keep_state', Data]
  | readonly ['keep_state', Data, Actions<A>]
  | 'keep_state_and_data'
  | readonly ['keep_state_and_data', Actions<A>]
  | readonly ['repeat_state', Data]
  | readonly ['repeat_state', Data, Actions<A>]
  | 'repeat_state_and_data'
  | readonly ['repeat_state_and_data', Actions<A>]
  | 'stop'
  | readonly ['stop', ExitReason]
  | readonly ['stop', ExitReason, Data]
  | readonly ['stop_and_reply', ExitReason, Actions<ReplyAction<Reply>>]
  | readonly ['stop_and_reply', ExitReason, Actions<ReplyAction<Reply>>, Data];

export type StateResult<State, Data, Reply = unknown, Content = unknown> =
  | readonly ['next_state', State, Data]
  | readonly ['next_state', State, Data, Actions<Action<Reply, Content>>]
  | KeepOrStop<Data, Action<Reply, Content>, Reply>;

/**
 * What a state function is called with: the type of the event, its content, and the rest, which is
 * the data, or state and data. Narrowed by `type === 'cast'` and so on; `typeof type === 'object'`
 * leaves the calls and the timeouts with a name.
 */
export type StateEvent<
  State,
  Call extends AnyRequest,
  Cast,
  Info,
  Internal,
  Content,
  Rest extends unknown[],
> =
  | [type: 'enter', oldState: State, ...rest: Rest]
  | [type: readonly ['call', From<ReplyOf<Call>>], request: Call, ...rest: Rest]
  | [type: 'cast', message: Cast, ...rest: Rest]
  | [type: 'info', message: Info | ExitMessage | DownMessage, ...rest: Rest]
  | [type: 'internal', content: Internal, ...rest: Rest]
  | [type: TimeoutType, content: Content, ...rest: Rest];

/**
 * What `sys.getStatus` shows of a machine, and its crash report to `formatStatus` alone: what that
 * one returns is shown instead, part by part.
 */
export interface StatemStatus<State = unknown, Data = unknown> {
  readonly state: State;
  readonly data: Data;
  /** Oldest first. */
  readonly postponed: readonly (readonly [type: unknown, content: unknown])[];
  /** Those that run, with their contents. */
  readonly timeouts: readonly (readonly [type: TimeoutType, content: unknown])[];
  /** The events that `sys.log` kept. */
  readonly log: readonly SystemEvent[];
  /** Why it crashed; else not there. */
  readonly reason?: ExitReason;
  /** Of a crash the event that was handled, and those that came next. */
  readonly queue?: readonly (readonly [type: unknown, content: unknown])[];
}

declare const messages: unique symbol;

/** What every callback module of a state machine has. */
export interface StatemModule<Arg, Call, Cast> {
  /** Asked after `init`, after `codeChange`, and when the module is changed or pushed. */
  callbackMode(): CallbackModeResult;
  init(arg: Arg): Eventually<InitResult<unknown, unknown>>;
  /** Only for the type checker. */
  readonly [messages]?: readonly [Call, Cast];
}

interface Common<Arg, State, Data, Call extends AnyRequest, Cast, Content> extends StatemModule<
  Arg,
  Call,
  Cast
> {
  init(arg: Arg): Eventually<InitResult<State, Data, ReplyOf<Call>, Content>>;
  /** Runs before the process ends, but never on a kill; on the parent's exit only when trapping. */
  terminate?(reason: ExitReason, state: State, data: Data): unknown;
  /** Turns state and data of an old version of the module into those of this version. */
  codeChange?(
    oldVersion: unknown,
    state: unknown,
    data: unknown,
    extra: unknown,
  ): readonly ['ok', State, Data] | readonly ['error', unknown];
  /** What `sys.getStatus` shows in place of state, data, postponed events and timeouts. */
  formatStatus?(status: StatemStatus<State, Data>): Partial<StatemStatus>;
}

/**
 * A callback module in the mode `state_functions`: a state is a string, and the module has a
 * function of that name. The names of the other callbacks are unusable for states.
 */
export type StateFunctions<
  Arg,
  State extends string,
  Data,
  Call extends AnyRequest = never,
  Cast = never,
  Info = never,
  Internal = never,
  Content = unknown,
> = Common<Arg, State, Data, Call, Cast, Content> &
  Readonly<
    Record<
      State,
      (
        ...event: StateEvent<State, Call, Cast, Info, Internal, Content, [data: Data]>
      ) => Eventually<StateResult<State, Data, ReplyOf<Call>, Content>>
    >
  >;

/** A callback module in the mode `handle_event_function`: a state is any value, compared deeply. */
export interface HandleEvent<
  Arg,
  State,
  Data,
  Call extends AnyRequest = never,
  Cast = never,
  Info = never,
  Internal = never,
  Content = unknown,
> extends Common<Arg, State, Data, Call, Cast, Content> {
  handleEvent(
    ...event: StateEvent<State, Call, Cast, Info, Internal, Content, [state: State, data: Data]>
  ): Eventually<StateResult<State, Data, ReplyOf<Call>, Content>>;
}
