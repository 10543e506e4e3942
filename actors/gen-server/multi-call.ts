/** The same to servers of one name in several isolates: `multi_call/4`, `abcast/3` of `gen_server.erl`. */
import { badArgument } from '../bad-argument.ts';
import { callingProcess } from '../context.ts';
import { Exit } from '../exit.ts';
import { connectedIsolates } from '../isolates/outbox.ts';
import { thisIsolate } from '../pid.ts';
import type { Name } from '../pid.ts';
import { at } from '../server-ref.ts';
import type { ServerName } from '../server-ref.ts';
import type { TimeLimit } from '../time-limit.ts';
import { call, cast } from './gen-server.ts';
import type { AnyRequest, ReplyOf, RequestOfKind } from './types.ts';

/** Who answered what, and the isolates from which no answer came, both in the order of the call. */
export type MultiCallResult<Reply = unknown> = readonly [
  replies: readonly (readonly [isolate: number, reply: Reply])[],
  badIsolates: readonly number[],
];

/**
 * Asks the server of that name in each isolate at the same time, and waits for all; by default in
 * this one and all that are connected. An isolate counts as bad when it is not connected, nobody has
 * the name there, or the server did not answer within the time (default: without end) or asked
 * itself. Late replies vanish. Rejects only with a TypeError, for a request that cannot cross.
 */
export function multiCall<Call extends AnyRequest, Kind extends Call['kind']>(
  isolates: readonly number[],
  name: ServerName<Call, never>,
  request: RequestOfKind<Call, Kind> & { readonly kind: Kind },
  timeout?: TimeLimit,
): Promise<MultiCallResult<ReplyOf<RequestOfKind<Call, Kind>>>>;
export function multiCall(
  isolates: readonly number[],
  name: Name,
  request: AnyRequest,
  timeout?: TimeLimit,
): Promise<MultiCallResult>;
export function multiCall(name: Name, request: AnyRequest): Promise<MultiCallResult>;
export function multiCall(
  where: readonly number[] | Name,
  what: Name | AnyRequest,
  request?: unknown,
  timeout: TimeLimit = Infinity,
): Promise<MultiCallResult<never>> {
  return typeof where === 'string'
    ? askAll(here(), where, what as AnyRequest, timeout)
    : askAll(isolatesOf('multiCall()', where), what as Name, request as AnyRequest, timeout);
}

/** Casts to the server of that name in each isolate, by default in this one and all connected. */
export function abcast(isolates: readonly number[], name: Name, message: unknown): 'abcast';
export function abcast(name: Name, message: unknown): 'abcast';
export function abcast(
  ...args:
    [name: Name, message: unknown] | [isolates: readonly number[], name: Name, message: unknown]
): 'abcast' {
  const [isolates, name, message] = args.length === 2 ? [here(), ...args] : args;
  const dests = isolatesOf('abcast()', isolates).map(isolate => at(name, isolate));
  for (const dest of dests) cast(dest, message);
  return 'abcast';
}

function isolatesOf(what: string, isolates: unknown): readonly number[] {
  if (Array.isArray(isolates)) return isolates as readonly number[];
  throw badArgument(what, 'a list of isolates, or a registered name,', isolates);
}

function here(): number[] {
  return [thisIsolate(), ...connectedIsolates()];
}

async function askAll(
  isolates: readonly number[],
  name: Name,
  request: AnyRequest,
  timeout: TimeLimit,
): Promise<MultiCallResult<never>> {
  callingProcess();
  const dests = isolates.map(isolate => at(name, isolate));
  const asked = await Promise.all(
    dests.map(dest => call(dest, request, timeout).then(answered, unanswered)),
  );
  const replies: (readonly [number, never])[] = [];
  const bad: number[] = [];
  isolates.forEach((isolate, index) => {
    const outcome = asked[index];
    if (outcome === undefined) bad.push(isolate);
    else replies.push([isolate, outcome.reply]);
  });
  return [replies, bad];
}

const answered = (reply: unknown): { readonly reply: never } => ({ reply: reply as never });

function unanswered(thrown: unknown): undefined {
  if (!(thrown instanceof Exit)) throw thrown;
}
