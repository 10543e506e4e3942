/** Who waits for a reply; what `reply(from, value)` takes. */
import type { Pid } from '../pid.ts';

declare const replyBrand: unique symbol;

export interface From<Reply = unknown> {
  /** The caller; undefined when the call came from outside of any process. */
  readonly pid: Pid | undefined;
  readonly [replyBrand]?: Reply;
}
