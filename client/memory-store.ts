import { newInbox } from '../protocol/delivery/inbox.ts';
import { newOutbox, type OutboxEntry } from '../protocol/delivery/outbox.ts';
import { ClientError } from './errors.ts';
import type { Identity } from '../protocol/device/identity.ts';
import {
  sentBytes,
  sentEntries,
  type DeviceStore,
  type InboxChange,
  type InboxStore,
  type OutboxChange,
  type OutboxStore,
  type Versions,
  type WaitingRow,
} from '../protocol/device/store.ts';

/**
 * A device's store in memory: for tests, load and programs that may forget. It outlives its clients, so a client
 * that was killed can be started anew on it.
 * @param bounds how many accepted messages are kept for a restored server
 */
export function memoryStore(
  identity: Identity,
  bounds: { readonly sentEntries?: number; readonly sentBytes?: number } = {},
): DeviceStore {
  const outbox = new MemoryOutbox(bounds.sentEntries ?? sentEntries, bounds.sentBytes ?? sentBytes);
  const inbox = new MemoryInbox();
  let current = identity;
  return {
    identity: () => current,
    saveIdentity: next => void (current = next),
    openOutbox: () => outbox.open(),
    openInbox: () => inbox.open(),
  };
}

/** One holder at a time. */
class Claim {
  #held = false;

  take(role: string): void {
    if (this.#held)
      throw new ClientError('role_taken', `Another client has the role ${role} of this device.`);
    this.#held = true;
  }

  giveBack(): void {
    this.#held = false;
  }
}

class MemoryOutbox implements OutboxStore {
  readonly #claim = new Claim();
  readonly #entries = new Map<number, OutboxEntry>();
  readonly #versions: Versions = new Map();
  readonly #mark = { nextSeq: 1, upTo: 0, era: null as number | null, tried: 0 };
  readonly #sentEntries: number;
  readonly #sentBytes: number;
  /** In the order of acceptance, which is the order of the numbers. */
  readonly #sent = new Map<number, OutboxEntry>();
  #bytes = 0;

  constructor(entries: number, bytes: number) {
    this.#sentEntries = entries;
    this.#sentBytes = bytes;
  }

  open(): OutboxStore {
    this.#claim.take('send');
    return this;
  }

  load(): ReturnType<OutboxStore['load']> {
    const entries = [...this.#entries.values()].sort((a, b) => a.seq - b.seq);
    const state = { ...newOutbox(), ...this.#mark, entries };
    return { state, versions: new Map(this.#versions) };
  }

  commit(changes: readonly OutboxChange[]): void {
    for (const change of changes) this.#apply(change);
  }

  #apply(change: OutboxChange): void {
    switch (change.kind) {
      case 'put':
        this.#forget(change.entry.seq);
        this.#entries.set(change.entry.seq, change.entry);
        return;
      case 'accepted':
        this.#entries.delete(change.entry.seq);
        if (change.entry.item.kind === 'send') this.#remember(change.entry);
        return;
      case 'dropped':
        this.#entries.delete(change.seq);
        return;
      case 'watermarks':
        this.#mark.nextSeq = change.nextSeq;
        this.#mark.upTo = change.upTo;
        this.#mark.era = change.era;
        this.#mark.tried = change.tried;
        return;
      case 'version':
        this.#versions.set(change.id, change.version);
        return;
      default:
        change satisfies never;
    }
  }

  #remember(entry: OutboxEntry): void {
    this.#sent.set(entry.seq, entry);
    this.#bytes += bodyBytes(entry);
    for (const seq of this.#sent.keys()) {
      if (this.#sent.size <= this.#sentEntries && this.#bytes <= this.#sentBytes) return;
      this.#forget(seq);
    }
  }

  #forget(seq: number): void {
    const entry = this.#sent.get(seq);
    if (entry === undefined) return;
    this.#sent.delete(seq);
    this.#bytes -= bodyBytes(entry);
  }

  sentAfter(seq: number): readonly OutboxEntry[] {
    return [...this.#sent.values()].filter(entry => entry.seq > seq);
  }

  close(): void {
    this.#claim.giveBack();
  }
}

const bodyBytes = ({ item }: OutboxEntry): number => (item.kind === 'send' ? item.body.length : 0);

class MemoryInbox implements InboxStore {
  readonly #claim = new Claim();
  readonly #state = newInbox();
  readonly #waiting = new Map<number, WaitingRow>();

  open(): InboxStore {
    this.#claim.take('receive');
    return this;
  }

  load(): ReturnType<InboxStore['load']> {
    const { have, era, from, peers } = this.#state;
    return {
      state: { have, era, from: new Map(from), peers: new Map(peers) },
      waiting: [...this.#waiting.values()],
    };
  }

  commit(changes: readonly InboxChange[]): void {
    for (const change of changes) this.#apply(change);
  }

  #apply(change: InboxChange): void {
    switch (change.kind) {
      case 'add':
        this.#waiting.set(change.waiting.place, change.waiting);
        return;
      case 'done':
        this.#waiting.delete(change.place);
        return;
      case 'watermarks':
        this.#state.have = change.have;
        this.#state.era = change.era;
        return;
      case 'from':
        this.#state.from.set(change.device, change.seq);
        return;
      case 'peer':
        this.#state.peers.set(change.device, change.peer);
        return;
      default:
        change satisfies never;
    }
  }

  close(): void {
    this.#claim.giveBack();
  }
}
