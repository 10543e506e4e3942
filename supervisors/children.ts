/** What a supervisor's process asks of whatever keeps its children, static or dynamic. */
import type { ExitReason } from '../actors/exit.ts';
import type { Eventually, ReplyOf, Request } from '../actors/gen-server/types.ts';
import type { Pid } from '../actors/pid.ts';
import type { ChildRow } from './child.ts';
import type { ChildId } from './child-id.ts';
import type { CheckedSpec, ChildSpec } from './child-spec.ts';
import type { SupervisorFlags } from './flags.ts';
import type { LookPage, SupervisorLook } from './look.ts';

export type StartChildResult =
  | readonly ['ok', Pid | undefined]
  | readonly ['ok', Pid, unknown]
  | readonly ['ignore']
  | readonly ['error', ExitReason];

export interface ChildCounts {
  readonly specs: number;
  /** Living children: not those between two tries of a restart. */
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

export type AdminResult = 'ok' | readonly ['error', ExitReason];

/** The administrative requests of `supervisor.erl`; all are called without a timeout. */
export type SupervisorCall =
  | Request<'startChild', { spec: ChildSpec | readonly unknown[] }, StartChildResult>
  | Request<'restartChild', { id: ChildId }, StartChildResult>
  | Request<'deleteChild', { id: ChildId }, AdminResult>
  | Request<'terminateChild', { id: ChildId | Pid }, AdminResult>
  | Request<
      'getChildspec',
      { id: ChildId | Pid },
      readonly ['ok', CheckedSpec] | readonly ['error', ExitReason]
    >
  | Request<
      'whichChild',
      { id: ChildId | Pid },
      readonly ['ok', ChildRow] | readonly ['error', ExitReason]
    >
  | Request<'whichChildren', object, readonly ChildRow[]>
  | Request<'countChildren', object, ChildCounts>;

export type SupervisorReply = ReplyOf<SupervisorCall>;

/** What a supervisor tells itself when a restart failed, so that requests come between two tries. */
export interface TryAgain {
  readonly kind: 'tryAgain';
  readonly key: ChildId | Pid;
}

/** Whether the supervisor goes on, or ends with `shutdown`. */
export type Outcome = 'go_on' | 'shutdown';

export interface Children {
  answer(request: SupervisorCall): Eventually<SupervisorReply>;
  exited(pid: Pid, reason: ExitReason): Eventually<Outcome>;
  tryAgain(key: ChildId | Pid): Eventually<Outcome>;
  /** Ends all children, the youngest first; dynamic ones all at once. */
  endAll(): Eventually<void>;
  /** Takes over what a new version of the module says. */
  update(flags: Required<SupervisorFlags>, specs: readonly CheckedSpec[]): void;
  /** Remembers flags and specifications; what it returns puts them back. */
  checkpoint(): () => void;
  /** What can be seen of them from outside, at once and whatever is under way. */
  look(page: LookPage): SupervisorLook;
}
