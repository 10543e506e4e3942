/** A caller in another isolate, as `handleCall` is given it. It may be sent on, anywhere. */
import type { ExitReason } from '../exit.ts';
import type { From } from '../gen-server/from.ts';
import { thisIsolate } from '../pid.ts';
import type { Pid } from '../pid.ts';
import { ReplySlot } from '../gen-server/reply-slot.ts';
import type { Replier } from '../gen-server/reply-slot.ts';
import { asData } from './escape.ts';
import { downRemote, replyRemote, showRemote } from './outgoing.ts';
import { awaited } from './waiting.ts';
import { unwatchFor } from './watches.ts';

export class RemoteFrom implements Replier {
  readonly pid: Pid | undefined;
  readonly isolate: number;
  readonly ref: number;

  constructor(pid: Pid | undefined, isolate: number, ref: number) {
    this.pid = pid;
    this.isolate = isolate;
    this.ref = ref;
  }

  /** @throws TypeError when the value cannot cross; then nobody is answered */
  settle(value: unknown): void {
    replyRemote(this.isolate, this.ref, value);
    unwatchFor(this.isolate, this.ref);
  }

  fail(reason: ExitReason): void {
    downRemote(this.isolate, this.ref, undefined, reason);
    unwatchFor(this.isolate, this.ref);
  }

  [asData](): unknown {
    return { $: 'from', pid: this.pid, isolate: this.isolate, ref: this.ref };
  }
}

/**
 * A caller in another isolate that asks what people look at, such as a server's state: what cannot
 * cross in the answer is described in text instead of refused.
 */
export class RemoteOnlooker extends RemoteFrom {
  override settle(value: unknown): void {
    showRemote(this.isolate, this.ref, value);
    unwatchFor(this.isolate, this.ref);
  }
}

/** Answers a caller in another isolate as an onlooker; false, and nothing is done, for one of ours. */
export function showElsewhere(from: From, value: unknown): boolean {
  if (!(from instanceof RemoteFrom)) return false;
  new RemoteOnlooker(from.pid, from.isolate, from.ref).settle(value);
  return true;
}

/** The `from` that a description stands for: the caller's slot itself when it has come home. */
export function fromOf(pid: Pid | undefined, isolate: number, ref: number): From {
  const home = isolate === thisIsolate() ? awaited(ref) : undefined;
  return home instanceof ReplySlot ? home : new RemoteFrom(pid, isolate, ref);
}
