/**
 * Which messages are still under way: sent, and not yet both accepted and with everybody they are for. From it comes
 * how long it takes after a kill until all that was sent before it has arrived. It holds what is under way, no more.
 */
import type { DeviceId } from '../../protocol/ids.ts';

interface UnderWay {
  readonly index: number;
  readonly sentAt: number;
  /** Acceptance is one of them, by the sender's own name. */
  readonly missing: Set<DeviceId>;
}

interface Mark {
  readonly index: number;
  readonly reached: () => void;
}

export class Arrivals {
  readonly #underWay = new Map<DeviceId, Map<number, UnderWay>>();
  /** Numbers of messages that are over while an earlier one is not. */
  readonly #over = new Set<number>();
  #sent = 0;
  /** Every message below it is over. */
  #frontier = 0;
  #marks: Mark[] = [];

  get sent(): number {
    return this.#sent;
  }

  send(device: DeviceId, seq: number, targets: readonly DeviceId[], sentAt: number): void {
    let messages = this.#underWay.get(device);
    if (messages === undefined)
      this.#underWay.set(device, (messages = new Map<number, UnderWay>()));
    messages.set(seq, { index: this.#sent, sentAt, missing: new Set([device, ...targets]) });
    this.#sent += 1;
  }

  /** @param by the sender: it was accepted. @returns when it was sent; undefined when it was not to come, or had come */
  arrive(from: DeviceId, seq: number, by: DeviceId): number | undefined {
    const messages = this.#underWay.get(from);
    const message = messages?.get(seq);
    if (message?.missing.delete(by) !== true) return undefined;
    if (message.missing.size === 0) {
      messages?.delete(seq);
      this.#end(message.index);
    }
    return message.sentAt;
  }

  /** Resolves when everything that has been sent by now has arrived. */
  allSoFar(): Promise<void> {
    const index = this.#sent;
    if (this.#frontier >= index) return Promise.resolve();
    return new Promise(reached => this.#marks.push({ index, reached }));
  }

  #end(index: number): void {
    this.#over.add(index);
    while (this.#over.delete(this.#frontier)) this.#frontier += 1;
    if (this.#marks.length === 0) return;
    const due = this.#marks.filter(mark => mark.index <= this.#frontier);
    if (due.length === 0) return;
    this.#marks = this.#marks.filter(mark => mark.index > this.#frontier);
    for (const { reached } of due) reached();
  }
}
