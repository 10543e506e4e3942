/** What one shard keeps, and what a transaction of its writer does to it. Small, slow and plain. */
import { newReceipt, readPairs, type ReceiptState } from '../../../../protocol/delivery/receipt.ts';
import { newSender, type SenderState } from '../../../../protocol/delivery/sender.ts';
import type { Conversation, DeviceId } from '../../../../protocol/ids.ts';
import type { Accepted, Read, Rejected, Send, State } from '../../../../protocol/packets.ts';
import type { Refusal } from '../../../../protocol/refusal.ts';
import type { MessageRow, Row } from '../../../../protocol/rows.ts';
import type { Box } from './box.ts';
import type { Rules } from './rules.ts';

/** What one shard tells another, numbered without holes. */
export interface LinkRow {
  readonly m: number;
  readonly item: Item;
}

type Item =
  | { readonly kind: 'message'; readonly message: Message; readonly targets: readonly DeviceId[] }
  | { readonly kind: 'row'; readonly to: DeviceId; readonly row: TellingRow };
type Message = Omit<MessageRow, 'kind' | 'n'>;
type TellingRow = WithoutNumber<Exclude<Row, MessageRow>>;
type WithoutNumber<R> = R extends Row ? Omit<R, 'n'> : never;

interface Link {
  next: number;
  acked: number;
  rows: LinkRow[];
}

/** What the session has found out about an offer. */
export type Resolution =
  { readonly refuse: Refusal } | { readonly refuse: null; readonly targets: readonly DeviceId[] };

export type Decision = Accepted | Rejected | { readonly kind: 'gap'; readonly state: State };

/** What the shards know of each other, and the oracle of all of them. */
export interface Surroundings {
  readonly rules: Rules;
  shardOf(device: DeviceId): number;
  /** An offer was taken for these devices. */
  taken(packet: Send | Read, from: DeviceId, targets: readonly DeviceId[]): void;
}

export class Shard {
  readonly #around: Surroundings;
  readonly #index: number;
  era = 1;
  readonly senders = new Map<DeviceId, SenderState>();
  readonly boxes = new Map<DeviceId, Box>();
  /** By sending and receiving device; here are those whose receiving device is at home here. */
  readonly receipts = new Map<string, ReceiptState>();
  readonly links = new Map<number, Link>();
  /** The highest row applied, by the shard that it came from. */
  readonly applied = new Map<number, number>();

  /** What this transaction has taken: the oracle hears of it when it is committed. */
  #takes: (() => void)[] = [];

  constructor(around: Surroundings, index: number) {
    this.#around = around;
    this.#index = index;
  }

  clone(): Shard {
    const copy = new Shard(this.#around, this.#index);
    copy.era = this.era;
    for (const [key, state] of this.senders) copy.senders.set(key, state);
    for (const [key, box] of this.boxes) copy.boxes.set(key, { ...box, rows: box.rows.slice() });
    for (const [key, state] of this.receipts) copy.receipts.set(key, state);
    for (const [key, link] of this.links) copy.links.set(key, { ...link, rows: link.rows.slice() });
    for (const [key, m] of this.applied) copy.applied.set(key, m);
    return copy;
  }

  committed(): void {
    for (const take of this.#takes) take();
    this.#takes = [];
  }

  box(device: DeviceId): Box {
    let box = this.boxes.get(device);
    if (box === undefined) {
      box = { lastN: 0, acked: 0, rows: [], gone: false };
      this.boxes.set(device, box);
    }
    return box;
  }

  state(device: DeviceId): State {
    const { upTo, seen, rev, why } = this.senders.get(device) ?? newSender;
    return { kind: 'state', upTo, seen, rev, why, acked: this.box(device).acked, era: this.era };
  }

  decide(from: DeviceId, packet: Send | Read, resolution: Resolution): Decision {
    const { judge, accept, refuse } = this.#around.rules;
    const before = this.senders.get(from) ?? newSender;
    const { seq, rev } = packet;
    const judgement = judge(before, packet);
    const refusal = (why: Refusal): Rejected => ({
      kind: 'rejected',
      seq,
      rev,
      why,
      upTo: before.upTo,
    });
    switch (judgement) {
      case 'accepted_again':
        return { kind: 'accepted', upTo: before.upTo, at: 0 };
      case 'refused_again':
        return refusal(before.why ?? { code: 'blocked', user: 'nobody' as never });
      case 'gap':
        return { kind: 'gap', state: this.state(from) };
      case 'fresh':
        if (resolution.refuse !== null) {
          this.senders.set(from, refuse(before, packet, resolution.refuse));
          return refusal(resolution.refuse);
        }
        this.senders.set(from, accept(packet));
        this.#takes.push(() => this.#around.taken(packet, from, resolution.targets));
        if (packet.kind === 'send') this.#send(from, packet, resolution.targets);
        else this.#read(from, packet);
        return { kind: 'accepted', upTo: seq, at: 0 };
    }
  }

  #send(from: DeviceId, { seq, to, body }: Send, targets: readonly DeviceId[]): void {
    const conversation: Conversation = to.kind === 'group' ? to.group : null;
    const message: Message = { from, seq, conversation, acceptedAt: 0, body };
    for (const shard of new Set(targets.map(target => this.#around.shardOf(target)))) {
      const there = targets.filter(target => this.#around.shardOf(target) === shard);
      const item: Item = { kind: 'message', message, targets: there };
      if (shard === this.#index) this.#apply(item);
      else this.#link(shard).push(item);
    }
  }

  #read(reader: DeviceId, { sender, conversation, upTo }: Read): void {
    this.#raise(sender, reader, receipt =>
      this.#around.rules.raiseRead(receipt, conversation, upTo),
    );
  }

  acknowledge(device: DeviceId, upTo: number): void {
    const box = this.box(device);
    const until = Math.min(upTo, box.lastN);
    if (until <= box.acked) return;
    const gone = box.rows.filter(row => row.n <= until);
    box.rows = box.rows.filter(row => row.n > until);
    box.acked = until;
    for (const row of gone)
      if (row.kind === 'message')
        this.#raise(row.from, device, receipt =>
          this.#around.rules.raiseDelivered(receipt, row.seq),
        );
  }

  /** The messages up to row `n` have waited too long, or (`gone`) their device is no more. */
  expire(device: DeviceId, n: number, gone: boolean): readonly MessageRow[] {
    const box = this.box(device);
    const old = box.rows.filter((row): row is MessageRow => row.n <= n && row.kind === 'message');
    box.rows = gone ? [] : box.rows.filter(row => row.kind !== 'message' || !old.includes(row));
    box.gone ||= gone;
    for (const from of new Set(old.map(row => row.from))) {
      const upTo = Math.max(...old.filter(row => row.from === from).map(row => row.seq));
      this.#undelivered(from, device, this.#receipt(from, device).delivered, upTo);
    }
    return old;
  }

  /** @returns the watermark, or null when rows before the batch are missing */
  applyBatch(source: number, after: number, rows: readonly LinkRow[]): number | null {
    const watermark = this.applied.get(source) ?? 0;
    const judgement = this.#around.rules.judgeBatch(watermark, after, rows.length);
    if (judgement.kind === 'gap') return null;
    for (const { m, item } of rows.slice(judgement.skip)) {
      this.applied.set(source, m);
      this.#apply(item);
    }
    return this.applied.get(source) ?? 0;
  }

  trim(target: number, upTo: number): void {
    const link = this.links.get(target);
    if (link === undefined || upTo <= link.acked) return;
    link.acked = upTo;
    link.rows = link.rows.filter(({ m }) => m > upTo);
  }

  #link(shard: number): { push: (item: Item) => void } {
    let link = this.links.get(shard);
    if (link === undefined) {
      link = { next: 1, acked: 0, rows: [] };
      this.links.set(shard, link);
    }
    const { rows } = link;
    const found = link;
    return { push: item => void rows.push({ m: found.next++, item }) };
  }

  #receipt(from: DeviceId, to: DeviceId): ReceiptState {
    return this.receipts.get(`${from}|${to}`) ?? newReceipt;
  }

  #raise(from: DeviceId, to: DeviceId, change: (receipt: ReceiptState) => ReceiptState): void {
    const before = this.#receipt(from, to);
    const after = change(before);
    if (after === before) return;
    this.receipts.set(`${from}|${to}`, after);
    const { delivered } = after;
    this.#tell(from, { kind: 'receipt', peer: to, delivered, read: readPairs(after) });
  }

  #undelivered(from: DeviceId, to: DeviceId, after: number, upTo: number): void {
    if (this.#around.rules.undeliveredInterval)
      this.#tell(from, { kind: 'undelivered', peer: to, after, upTo });
    else
      this.#raise(from, to, receipt => ({
        ...receipt,
        delivered: Math.max(receipt.delivered, upTo),
      }));
  }

  #tell(to: DeviceId, row: TellingRow): void {
    const shard = this.#around.shardOf(to);
    const item: Item = { kind: 'row', to, row };
    if (shard === this.#index) this.#apply(item);
    else this.#link(shard).push(item);
  }

  #apply(item: Item): void {
    if (item.kind === 'message') {
      for (const target of item.targets) this.#store(target, item.message);
      return;
    }
    const box = this.box(item.to);
    const { row } = item;
    if (row.kind === 'receipt')
      box.rows = box.rows.filter(old => old.kind !== 'receipt' || old.peer !== row.peer);
    this.#append(box, row);
  }

  #store(target: DeviceId, message: Message): void {
    const { from, seq } = message;
    const box = this.box(target);
    if (box.gone) {
      this.#undelivered(from, target, seq - 1, seq);
      return;
    }
    const receipt = this.#receipt(from, target);
    this.receipts.set(`${from}|${target}`, {
      ...receipt,
      stored: Math.max(receipt.stored, seq),
    });
    this.#append(box, { kind: 'message', ...message });
  }

  #append(box: Box, row: WithoutNumber<Row>): void {
    if (box.gone) return;
    box.lastN = this.#around.rules.nextRow(box);
    box.rows.push({ ...row, n: box.lastN });
  }
}
