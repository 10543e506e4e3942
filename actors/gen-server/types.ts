/** The types of a gen-server: its requests and its callback module. */
import type { ExitReason } from '../exit.ts';
import type { DownMessage, ExitMessage, TimeoutMessage } from '../messages.ts';
import type { From } from './from.ts';
import type { MonitorRef, Pid } from '../pid.ts';
import type { ShownStatus, Status } from '../sys/format-status.ts';
import type { TimeLimit } from '../time-limit.ts';
import type { Timed } from './results.ts';

declare const replyType: unique symbol;

/**
 * A request that carries the type of its reply.
 *
 * @example
 * type Call = Request<'get', { key: string }, number | undefined> | Request<'clear'>;
 */
export type Request<Kind extends string, Fields extends object = object, Reply = void> = {
  readonly kind: Kind;
} & Readonly<Fields> & { readonly [replyType]?: Reply };

/** Any request at all. */
export interface AnyRequest {
  readonly kind: string;
  readonly [replyType]?: unknown;
}

/** The reply that a request asks for. */
export type ReplyOf<R> = R extends { readonly [replyType]?: infer Reply } ? Reply : never;

/** The request of one kind among those that a server understands. */
export type RequestOfKind<Call, Kind> = Call extends { readonly kind: infer K }
  ? Kind extends K
    ? Call
    : never
  : never;

/**
 * What comes next when no message does: a timeout in milliseconds, hibernation (accepted for the
 * likeness; there is no heap of its own to shrink), or a `handleContinue` ahead of every message.
 * `['timeout', time, message]` is OTP 28's: `handleInfo` gets that message, system messages do not
 * begin the time anew, and 0 comes ahead of every message; with `{ abs: true }` the time is a point
 * on `monotonicTime()`.
 */
export type After<Continue = never> =
  | TimeLimit
  | 'hibernate'
  | { readonly continue: Continue }
  | readonly ['continue', Continue]
  | Timed;

export type InitResult<State, Continue = never> =
  | readonly ['ok', State]
  | readonly ['ok', State, After<Continue>]
  | 'ignore'
  | readonly ['ignore']
  /** The start fails with the reason, and a crash is reported. */
  | readonly ['stop', ExitReason]
  /** The start fails with the reason, silently. */
  | readonly ['error', ExitReason];

export type CallResult<Reply, State, Continue = never> =
  | readonly ['reply', Reply, State]
  | readonly ['reply', Reply, State, After<Continue>]
  | readonly ['noreply', State]
  | readonly ['noreply', State, After<Continue>]
  | readonly ['stop', ExitReason, Reply, State]
  | readonly ['stop', ExitReason, State];

export type CastResult<State, Continue = never> =
  | readonly ['noreply', State]
  | readonly ['noreply', State, After<Continue>]
  | readonly ['stop', ExitReason, State];

export type Eventually<T> = T | Promise<T>;

export type SystemInfoMessage = ExitMessage | DownMessage | TimeoutMessage;

/** A callback module: functions only, the state is handed through them. */
export interface GenServer<
  Arg = unknown,
  State = unknown,
  Call extends AnyRequest = never,
  Cast = never,
  Info = never,
  Continue = never,
> {
  init(arg: Arg): Eventually<InitResult<State, Continue>>;
  handleCall?(
    request: Call,
    from: From<ReplyOf<Call>>,
    state: State,
  ): Eventually<CallResult<ReplyOf<Call>, State, Continue>>;
  handleCast?(message: Cast, state: State): Eventually<CastResult<State, Continue>>;
  handleInfo?(
    message: Info | SystemInfoMessage,
    state: State,
  ): Eventually<CastResult<State, Continue>>;
  handleContinue?(value: Continue, state: State): Eventually<CastResult<State, Continue>>;
  /** Runs before the process ends, but never on a kill; on the parent's exit only when trapping. */
  terminate?(reason: ExitReason, state: State): Eventually<void>;
  /** Turns the state of an old version of the module into one of this version. */
  codeChange?(
    oldVersion: unknown,
    state: unknown,
    extra: unknown,
  ): readonly ['ok', State] | readonly ['error', unknown];
  /**
   * What `sys.getStatus` and a crash report show in place of the state, the message, the reason and
   * the logged events. Of what it does not answer, a report shows nothing.
   */
  formatStatus?(status: Status<State>): ShownStatus;
  /**
   * Plain data of its own that says what the state is now: for a keeper of crashes, where callbacks
   * change the state in place. See `setCrashKeeper`.
   */
  snapshot?(state: State): unknown;
}

/** The outcome of a start. */
export type StartResult<P extends Pid = Pid> =
  readonly ['ok', P] | readonly ['ignore'] | readonly ['error', ExitReason];

/** The outcome of a start that is monitored from its beginning. */
export type StartMonitorResult<P extends Pid = Pid> =
  readonly ['ok', readonly [P, MonitorRef]] | readonly ['ignore'] | readonly ['error', ExitReason];
