/** Events as they wait in a machine's queues, and which types of them there are. */
import { answerTo, isAddress } from '../gen-server/address.ts';
import type { Address } from '../gen-server/address.ts';
import type { Replier } from '../gen-server/reply-slot.ts';

export class StatemEvent {
  readonly type: unknown;
  readonly content: unknown;

  constructor(type: unknown, content: unknown) {
    this.type = type;
    this.content = content;
  }
}

/** Whether an event of this type may be inserted with `next_event`: `event_type/1` of OTP. */
export function isEventType(type: unknown): boolean {
  if (type === 'cast' || type === 'info' || type === 'internal') return true;
  if (Array.isArray(type) && type.length === 2 && type[0] === 'call') return isFrom(type[1]);
  return isTimeoutType(type);
}

export function isTimeoutType(type: unknown): boolean {
  if (type === 'timeout' || type === 'state_timeout') return true;
  return Array.isArray(type) && type.length === 2 && type[0] === 'timeout';
}

/** Whether somebody can be answered there: who has called, or a `[pid, tag]`. */
export function isFrom(from: unknown): from is Replier | Address {
  if (Array.isArray(from)) return isAddress(from);
  return (
    typeof from === 'object' &&
    from !== null &&
    typeof (from as Partial<Replier>).settle === 'function'
  );
}

/** @throws TypeError when it is in another isolate and the value cannot cross */
export function answer(from: Replier | Address, value: unknown): void {
  if (isAddress(from)) answerTo(from, value);
  else from.settle(value);
}

/** What kind of event it is, for reports: they do not tell what people wrote. */
export function describeEvent(type: unknown, content: unknown): string {
  const kind =
    typeof content === 'object' && content !== null && 'kind' in content
      ? ` ${String(content.kind)}`
      : '';
  return `${String(Array.isArray(type) ? type[0] : type)}${kind}`;
}
