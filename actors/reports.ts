/** OTP's reports as structured log events, with OTP's fields. */
import type { ExitReason } from './exit.ts';
import type { Name, Pid } from './pid.ts';
import type { Ancestor } from './process.ts';

/** What a supervisor says of a child (`supervisor.erl`, `report_error`). */
export interface SupervisorReport {
  readonly kind: 'supervisor';
  readonly supervisor: Pid | Name;
  readonly errorContext: 'start_error' | 'child_terminated' | 'shutdown_error' | 'shutdown';
  readonly reason: ExitReason;
  readonly offender: Offender;
}

/** The child that a report is about. */
export interface Offender {
  readonly pid: Pid | 'restarting' | undefined;
  readonly id: string | number | undefined;
  readonly restartType: string;
  readonly shutdown: number | 'brutal_kill' | 'infinity';
  readonly childType: string;
  readonly significant: boolean;
  /** How many children the report is about, when they have no pid in it (simple_one_for_one). */
  readonly nbChildren?: number;
}

/** A child came up (`supervisor.erl`, `report_progress`). */
export interface ProgressReport {
  readonly kind: 'progress';
  readonly supervisor: Pid | Name;
  readonly started: Offender;
}

/** A process ended with an error (`proc_lib.erl`, `crash_report`). */
export interface CrashReport {
  readonly kind: 'crash';
  readonly initialCall: string;
  readonly pid: Pid;
  readonly registeredName: Name | undefined;
  readonly error: ExitReason;
  readonly ancestors: readonly Ancestor[];
  readonly messageQueueLen: number;
  readonly links: readonly Pid[];
  readonly trapExit: boolean;
  readonly status: 'starting' | 'running';
  readonly handled: number;
  /** What the behaviour adds: for a server its module and the kind of the last message. */
  readonly behaviour: Readonly<Record<string, unknown>>;
}

/** Anything else worth telling. */
export interface MessageReport {
  readonly kind: 'message';
  readonly text: string;
  readonly [detail: string]: unknown;
}

export type Report = SupervisorReport | ProgressReport | CrashReport | MessageReport;
