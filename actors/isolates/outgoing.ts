/** Says each signal in the form in which it crosses, and puts it into the outbox. */
import { callingProcess } from '../context.ts';
import type { ExitReason } from '../exit.ts';
import { isolateOf } from '../pid.ts';
import type { Pid } from '../pid.ts';
import { isolateAt } from '../server-ref.ts';
import type { Dest } from '../server-ref.ts';
import { pidVia } from '../via-name.ts';
import { escape, escapeReason, isPlain } from './escape.ts';
import { outboxTo } from './outbox.ts';
import { ESCAPED, ops } from './signal.ts';
import type { Signal, Target } from './signal.ts';

export function targetOf(dest: Dest): Target {
  if (typeof dest !== 'object') return dest;
  if ('isolate' in dest) return dest.name;
  const pid = pidVia(dest);
  if (pid === undefined)
    throw new TypeError('a via name of another isolate stands for a pid there');
  return pid;
}

/**
 * A message to a process elsewhere; false when its isolate is not connected.
 * @throws TypeError that names what cannot cross; then nothing is sent
 */
export function sendRemote(
  op: typeof ops.send | typeof ops.offer | typeof ops.cast,
  dest: Dest,
  body: unknown,
  what: string,
): boolean {
  const outbox = outboxTo(isolateAt(dest));
  if (outbox === undefined) return false;
  const to = targetOf(dest);
  const signal = isPlain(body) ? ([op, to, body] as const) : escaped([op, to, escape(body, what)]);
  outbox.push(signal, callingProcess());
  return true;
}

/** A request in the form in which it crosses. */
export interface Packed {
  readonly plain: boolean;
  readonly body: unknown;
}

/** @throws TypeError that names what cannot cross */
export function pack(request: unknown, what: string): Packed {
  if (isPlain(request)) return { plain: true, body: request };
  return { plain: false, body: escape(request, what) };
}

/** As {@link pack}, but what cannot cross is described in text: for what holds an exit reason. */
export function packReason(request: unknown): Packed {
  if (isPlain(request)) return { plain: true, body: request };
  return { plain: false, body: escapeReason(request) };
}

/** A request to a server elsewhere. Its isolate watches the server until the reply. */
export function askRemote(
  op: typeof ops.call | typeof ops.system,
  dest: Dest,
  ref: number,
  { plain, body }: Packed,
): void {
  const caller = callingProcess();
  const signal = [op, targetOf(dest), caller?.pid ?? 0, ref, body] as unknown as Signal;
  outboxTo(isolateAt(dest))?.push(plain ? signal : escaped(signal), caller);
}

/** @throws TypeError that names what cannot cross; then nothing is sent */
export function replyRemote(isolate: number, ref: number, value: unknown): void {
  const signal = isPlain(value)
    ? ([ops.reply, ref, value] as const)
    : escaped([ops.reply, ref, escape(value, 'reply()')]);
  outboxTo(isolate)?.push(signal, callingProcess());
}

/** A reply for people to look at: what cannot cross in it is described in text. */
export function showRemote(isolate: number, ref: number, value: unknown): void {
  outboxTo(isolate)?.push(withReason([ops.reply, ref, value]), undefined);
}

export function monitorRemote(watcher: Pid, ref: number, dest: Dest): void {
  outboxTo(isolateAt(dest))?.push([ops.monitor, watcher, ref, targetOf(dest)], undefined);
}

export function demonitorRemote(isolate: number, ref: number): void {
  outboxTo(isolate)?.push([ops.demonitor, ref], undefined);
}

/** The end of what another isolate waits for: of a monitor, or of a call without a reply. */
export function downRemote(
  isolate: number,
  ref: number,
  pid: Pid | undefined,
  reason: ExitReason,
): void {
  outboxTo(isolate)?.push(withReason([ops.down, ref, pid, reason]), undefined);
}

export function linkExitRemote(from: Pid, to: Pid, reason: ExitReason): void {
  outboxTo(isolateOf(to))?.push(withReason([ops.linkExit, from, to, reason]), undefined);
}

export function exitRemote(from: Pid, to: Pid, reason: ExitReason): void {
  outboxTo(isolateOf(to))?.push(withReason([ops.exit, from, to, reason]), undefined);
}

function withReason(signal: Signal): Signal {
  const reason = signal.at(-1);
  if (isPlain(reason)) return signal;
  return escaped([...signal.slice(0, -1), escapeReason(reason)] as unknown as Signal);
}

function escaped(signal: Signal): Signal {
  const [op, ...rest] = signal;
  return [op | ESCAPED, ...rest] as unknown as Signal;
}
