/** A shard's writer: takes requests in some order of their senders, gathers a batch, commits it or fails. */
import type { DeviceId } from '../../../../protocol/ids.ts';
import type { Read, Send, State } from '../../../../protocol/packets.ts';
import type { Random } from './random.ts';
import type { Decision, LinkRow, Resolution, Shard } from './shard.ts';
import type { Rules } from './rules.ts';

/** Whoever asks a writer something; answers wait in its queue. */
export interface Asker {
  alive: boolean;
  readonly answers: Answer[];
}

export type WriterRequest =
  | { readonly kind: 'state'; readonly device: DeviceId; readonly from: Asker }
  | {
      readonly kind: 'decide';
      readonly device: DeviceId;
      readonly packet: Send | Read;
      readonly resolution: Resolution;
      readonly from: Asker;
    }
  | { readonly kind: 'ack'; readonly device: DeviceId; readonly upTo: number; readonly from: Asker }
  | {
      readonly kind: 'link';
      readonly source: number;
      readonly after: number;
      readonly rows: readonly LinkRow[];
      readonly from: Asker;
    }
  | { readonly kind: 'trim'; readonly target: number; readonly upTo: number; readonly from: Asker };

export type Answer =
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'decided'; readonly seq: number; readonly decision: Decision }
  | { readonly kind: 'acked' }
  | { readonly kind: 'linked'; readonly upTo: number }
  | { readonly kind: 'link_gap' }
  /** Its batch could not be committed: nothing of it happened. */
  | { readonly kind: 'failed'; readonly request: WriterRequest }
  /** The writer is another one now; what it had not answered may be lost. */
  | { readonly kind: 'down'; readonly shard: number };

export class Writer {
  /** What is on the disk. */
  durable: Shard;
  /** What it will be after the next commit. */
  memory: Shard;
  /** A shard that has moved elsewhere: the new writer owns the disk now. */
  zombie = false;
  readonly index: number;
  readonly #rules: Rules;
  #channels = new Map<unknown, WriterRequest[]>();
  #batch: { request: WriterRequest; answer: Answer }[] = [];
  #dirty = false;

  constructor(rules: Rules, index: number, durable: Shard) {
    this.#rules = rules;
    this.index = index;
    this.durable = durable;
    this.memory = durable.clone();
  }

  ask(request: WriterRequest): void {
    const channel = this.#channels.get(request.from);
    if (channel === undefined) this.#channels.set(request.from, [request]);
    else channel.push(request);
  }

  /** What a device has asked and what was not looked at yet is gone. */
  forget(device: DeviceId): void {
    for (const [asker, channel] of this.#channels)
      if (channel.some(request => 'device' in request && request.device === device))
        this.#channels.delete(asker);
  }

  get hasRequests(): boolean {
    return this.#channels.size > 0;
  }

  get hasBatch(): boolean {
    return this.#dirty || this.#batch.length > 0;
  }

  /** Takes the next request of any asker: in order of each, in no order between them. */
  takeOne(random: Random): void {
    const [asker, channel] = random.pick([...this.#channels]);
    const request = channel.shift()!;
    if (channel.length === 0) this.#channels.delete(asker);
    const answer = this.#handle(request);
    if (answer !== null) this.#batch.push({ request, answer });
  }

  #handle(request: WriterRequest): Answer | null {
    const { memory } = this;
    const now = (answer: Answer): null => {
      give(request.from, answer);
      return null;
    };
    switch (request.kind) {
      case 'state': {
        const answer: Answer = { kind: 'state', state: memory.state(request.device) };
        return this.#rules.stateCommitted ? answer : now(answer);
      }
      case 'decide': {
        const before = memory.senders.get(request.device);
        const decision = memory.decide(request.device, request.packet, request.resolution);
        const answer: Answer = { kind: 'decided', seq: request.packet.seq, decision };
        if (memory.senders.get(request.device) !== before) {
          this.#dirty = true;
          return answer;
        }
        return this.#rules.replyAfterCommit ? answer : now(answer);
      }
      case 'ack':
        memory.acknowledge(request.device, request.upTo);
        this.#dirty = true;
        return { kind: 'acked' };
      case 'link': {
        const upTo = memory.applyBatch(request.source, request.after, request.rows);
        this.#dirty = true;
        return upTo === null ? { kind: 'link_gap' } : { kind: 'linked', upTo };
      }
      case 'trim':
        memory.trim(request.target, request.upTo);
        this.#dirty = true;
        return null;
    }
  }

  commit(fails: boolean): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#dirty = false;
    if (fails) {
      this.memory = this.durable.clone();
      for (const { request } of batch) give(request.from, { kind: 'failed', request });
      return;
    }
    this.durable = this.memory;
    this.durable.committed();
    this.memory = this.durable.clone();
    for (const { request, answer } of batch) give(request.from, answer);
  }

  /** Dies: what was not committed is gone, some of what waited too. @returns its successor */
  die(random: Random): Writer {
    const successor = new Writer(this.#rules, this.index, this.durable);
    for (const [asker, channel] of this.#channels) {
      const rest = channel.slice(random.below(channel.length + 1));
      if (rest.length > 0) successor.#channels.set(asker, rest);
    }
    return successor;
  }

  /** A change from outside that cannot fail. */
  force(change: (shard: Shard) => void): void {
    change(this.memory);
    this.commit(false);
  }
}

export function give(to: Asker, answer: Answer): void {
  if (to.alive) to.answers.push(answer);
}
