/**
 * Erlang's `{Pid, Tag}`: who can be answered without having called. The answer is a message
 * `[tag, reply]`, as `gen:reply/2` sends it to whoever a `From` names.
 */
import { isPid } from '../pid.ts';
import type { Pid } from '../pid.ts';
import { send } from '../send.ts';

export type Address = readonly [pid: Pid, tag: unknown];

export function isAddress(value: unknown): value is Address {
  return Array.isArray(value) && value.length === 2 && isPid(value[0]);
}

/** @throws TypeError when it is in another isolate and the reply cannot cross */
export function answerTo([pid, tag]: Address, reply: unknown): void {
  send(pid, [tag, reply]);
}
