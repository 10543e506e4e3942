/** What may be asked to be done to a process, checked at the edge. */
import { z } from 'zod';
import {
  TRACE_EVENTS_LIMIT,
  TRACE_SECONDS_LIMIT,
  type ChildRequest,
  type ExitRequest,
  type ProcessAction,
  type ReplaceStateRequest,
  type SendRequest,
  type SwitchRequest,
  type TraceRequest,
} from '../../protocol/observer.ts';
import { validate } from '../http/validate.ts';
import type { Action } from './protocol.ts';

/** A body, as protocol/observer.ts has it, and with what is left out filled in. */
type Body<Given extends object> = z.ZodType<
  Required<Given>,
  { readonly [Field in keyof Given]: Given[Field] | undefined }
>;

const nothing: Body<object> = z.strictObject({});
const onOrOff: Body<SwitchRequest> = z.strictObject({ on: z.boolean() });
const child: Body<ChildRequest> = z.strictObject({
  id: z.union([z.string().max(1_000), z.number()]),
});
/** Any JSON value, but there must be one. */
const json = z.unknown().refine(value => value !== undefined, 'expected a JSON value');

const trace: Body<TraceRequest> = z.strictObject({
  events: z.int().min(1).max(TRACE_EVENTS_LIMIT).default(100),
  seconds: z.number().min(0.1).max(TRACE_SECONDS_LIMIT).default(10),
});
const send: Body<SendRequest> = z.strictObject({ message: json });
const exit: Body<ExitRequest> = z.strictObject({ reason: json });
const replaceState: Body<ReplaceStateRequest> = z.strictObject({
  value: json,
  path: z
    .array(z.union([z.string(), z.number()]))
    .max(32)
    .default([]),
});

const bodies: Readonly<Record<ProcessAction, z.ZodType<object>>> = {
  ...{ trace, stop_trace: nothing, suspend: nothing, resume: nothing },
  ...{ send, exit, replace_state: replaceState, log: onOrOff, statistics: onOrOff },
  ...{ terminate_child: child, restart_child: child, delete_child: child },
};

/** @throws HttpProblem `bad_field` */
export function readAction(kind: ProcessAction, body: unknown): Action {
  const fields = validate(bodies[kind], body);
  return { kind, ...fields } as Action;
}

/** What a log may say of it: never what was sent, or put in the place of a state. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'exit':
      return `exit ${typeof action.reason === 'string' ? action.reason.slice(0, 100) : 'with a reason'}`;
    case 'terminate_child':
    case 'restart_child':
    case 'delete_child':
      return `${action.kind} ${String(action.id).slice(0, 100)}`;
    case 'log':
    case 'statistics':
      return `${action.kind} ${action.on ? 'on' : 'off'}`;
    default:
      return action.kind;
  }
}
