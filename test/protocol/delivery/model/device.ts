/** A device: the real rules of outbox and inbox over a memory that is stored now and then, and a crash away from it. */
import {
  append,
  newOutbox,
  prepareOffers,
  toldVersions,
  type OutboxEntry,
  type OutboxState,
} from '../../../../protocol/delivery/outbox.ts';
import { newInbox, type InboxState } from '../../../../protocol/delivery/inbox.ts';
import type { Addressing, State } from '../../../../protocol/packets.ts';
import type { Conversation, DeviceId, GroupId, UserId } from '../../../../protocol/ids.ts';
import type { Refusal } from '../../../../protocol/refusal.ts';
import type { Row } from '../../../../protocol/rows.ts';
import type { Oracle } from './oracle.ts';
import type { Rules } from './rules.ts';
import type { Down, Socket } from './session.ts';

/** What the application has seen of a message. */
interface Shown {
  readonly uid: number;
  readonly from: DeviceId;
  readonly seq: number;
  readonly conversation: Conversation;
}

/** What a store holds. */
interface Memory {
  readonly outbox: OutboxState;
  /** What was accepted, by number. */
  readonly sent: Map<number, OutboxEntry>;
  readonly versions: Map<UserId | GroupId, number>;
  readonly inbox: InboxState;
  readonly shown: Shown[];
  /** Of what this device sent: numbers that were shown as delivered, by peer. */
  readonly delivered: Map<DeviceId, ReadonlySet<number>>;
  /** … and intervals of them, `after < seq <= upTo`, that were told not to be. */
  readonly undelivered: Map<DeviceId, readonly (readonly [after: number, upTo: number])[]>;
}

const newMemory = (): Memory => ({
  outbox: newOutbox(),
  sent: new Map(),
  versions: new Map(),
  inbox: newInbox(),
  shown: [],
  delivered: new Map(),
  undelivered: new Map(),
});

/** As stored and loaded again. */
function copyOf(memory: Memory): Memory {
  const { outbox, inbox } = memory;
  return {
    outbox: { ...outbox, entries: outbox.entries.slice() },
    sent: new Map(memory.sent),
    versions: new Map(memory.versions),
    inbox: { ...inbox, from: new Map(inbox.from), peers: new Map(inbox.peers) },
    shown: memory.shown.slice(),
    delivered: new Map(memory.delivered),
    undelivered: new Map(memory.undelivered),
  };
}

/** Undecided entries under way. */
const sendWindow = 4;

const uidOf = (body: Uint8Array): number => body[0]! * 256 + body[1]!;

export class Device {
  readonly id: DeviceId;
  readonly user: UserId;
  readonly #rules: Rules;
  readonly #oracle: Oracle;
  memory = newMemory();
  #disk = newMemory();
  up = true;
  retired = false;
  /** It was put back to an older copy without noticing: of what it did since, nothing is promised. */
  rolledBack = false;
  socket: Socket | null = null;
  backup: Memory | null = null;
  #met = false;
  #ready = false;
  #offered = 0;
  #offerAllDue = false;
  #ackDue = false;
  #askAgainDue = false;
  #fresh: Shown[] = [];
  /** Read, with a mark that is not stored yet. */
  #read: number[] = [];
  /** Verdicts that are not stored yet: the application hears of them afterwards. */
  #verdicts: (() => void)[] = [];
  #changed = false;
  #durableSeq = 0;

  constructor(rules: Rules, oracle: Oracle, id: DeviceId, user: UserId) {
    this.#rules = rules;
    this.#oracle = oracle;
    this.id = id;
    this.user = user;
  }

  get mustStore(): boolean {
    return this.#changed || this.#offerAllDue || this.#ackDue;
  }

  get idle(): boolean {
    return this.memory.outbox.entries.length === 0 && !this.mustStore;
  }

  /** Nothing moves although something should. */
  get waitsInVain(): boolean {
    return this.socket !== null && (!this.#ready || this.memory.outbox.entries.length > 0);
  }

  connect(socket: Socket): void {
    this.socket = socket;
    this.#met = this.#ready = false;
    this.#offered = 0;
  }

  disconnect(): void {
    this.socket = null;
    this.#met = this.#ready = false;
    this.#offerAllDue = this.#ackDue = this.#askAgainDue = false;
  }

  crash(): void {
    this.up = false;
    this.disconnect();
    this.#fresh = [];
    this.#read = [];
    this.#verdicts = [];
    this.#changed = false;
    this.memory = copyOf(this.#disk);
    this.#durableSeq = this.memory.outbox.tried;
  }

  makeBackup(): void {
    this.backup = copyOf(this.#disk);
  }

  restoreBackup(): void {
    if (this.backup === null) throw new TypeError('there is no backup');
    this.#disk = copyOf(this.backup);
    this.crash();
    this.rolledBack = true;
    // What it was not told to be accepted may be told otherwise now, or never.
    for (const fate of this.#oracle.fates)
      if (fate.from === this.id && !fate.accepted) fate.exempt = true;
  }

  submit(to: Addressing, conversation: Conversation): void {
    const uid = this.#oracle.submitted(this.id, conversation);
    this.#oracle.note(`${this.id} submits ${uid} as ${this.memory.outbox.nextSeq}`);
    const body = new Uint8Array([uid >> 8, uid & 255]);
    append(this.memory.outbox, { kind: 'send', id: String(uid), to, body });
    this.#changed = true;
    if (this.#rules.storeBeforeOffer || !this.#met) return;
    prepareOffers(this.memory.outbox);
    this.#pump();
  }

  /** @param excess how much more than true the device claims to have read */
  read(message: Shown, excess: number): void {
    const { from: sender, conversation } = message;
    const same = this.memory.shown.filter(
      other => other.from === sender && other.conversation === conversation,
    );
    const upTo = Math.max(...same.map(({ seq }) => seq));
    this.#read.push(...same.map(({ uid }) => uid));
    this.#rules.appendRead(this.memory.outbox, {
      kind: 'read',
      sender,
      conversation,
      upTo: upTo + excess,
    });
    this.#changed = true;
  }

  /** Everything until now is on the disk: what waited for that happens. */
  store(): void {
    this.#changed = false;
    for (const message of this.#fresh) {
      const before = this.memory.shown.map(({ uid }) => uid);
      this.#oracle.seen(message.uid, this.id, before);
      this.memory.shown.push(message);
    }
    this.#fresh = [];
    for (const uid of this.#read) this.#oracle.fate(uid).read.add(this.id);
    this.#read = [];
    for (const tell of this.#verdicts) tell();
    this.#verdicts = [];
    if (this.#met) prepareOffers(this.memory.outbox);
    this.#disk = copyOf(this.memory);
    this.#durableSeq = this.memory.outbox.tried;
    if (this.#offerAllDue) {
      this.#offerAllDue = false;
      this.#ready = true;
      this.#offered = 0;
    }
    if (this.#ackDue) this.#acknowledge();
    this.#pump();
  }

  #acknowledge(): void {
    this.#ackDue = false;
    this.socket?.up.push({ kind: 'ack', upTo: this.memory.inbox.have, again: this.#askAgainDue });
    this.#askAgainDue = false;
  }

  #pump(): void {
    if (!this.#ready || this.socket === null) return;
    const { outbox } = this.memory;
    const stored = this.#rules.storeBeforeOffer
      ? outbox.entries.filter(({ seq }) => seq <= this.#durableSeq).length
      : outbox.entries.length;
    const packets = this.#rules.offers(outbox, this.#offered, Math.min(sendWindow, stored));
    this.#offered += packets.length;
    for (const packet of packets) this.#oracle.note(`${this.id} offers ${JSON.stringify(packet)}`);
    this.socket.up.push(...packets);
  }

  /** @returns false when the device has found itself to be an older copy */
  receive(packet: Down): boolean {
    const { outbox, inbox } = this.memory;
    const rules = this.#rules;
    this.#oracle.note(`${this.id} gets ${JSON.stringify(packet)}`);
    switch (packet.kind) {
      case 'state':
        if (rules.sentIsRolledBack(outbox, packet) || rules.receivedIsRolledBack(inbox, packet))
          return false;
        this.#met = true;
        this.#onState(packet);
        return true;
      case 'accepted':
        this.#settle(packet.upTo, packet.upTo, 0, null);
        this.#pump();
        return true;
      case 'rejected':
        if (this.#settle(packet.upTo, packet.seq, packet.rev, packet.why)) this.#offerAll();
        else this.#pump();
        return true;
      case 'deliver':
        if (rules.stateBeforeRows && !this.#met) return true;
        if (rules.missesRows(inbox, packet)) this.#askAgainDue = true;
        else for (const row of packet.rows) this.#take(row);
        this.#ackDue = true;
        if (!rules.storeBeforeAck) this.#acknowledge();
        return true;
    }
  }

  #onState(told: State): void {
    const { outbox, inbox, sent } = this.memory;
    if (this.#rules.isNewEra(outbox, told)) {
      const lost = [...sent.values()].filter(({ seq }) => seq > told.upTo);
      for (const { seq } of this.#rules.adoptEra(outbox, told, lost)) sent.delete(seq);
    }
    if (inbox.era !== told.era) this.#rules.adoptRowNumbers(inbox, told);
    this.#settle(told.upTo, told.seen, told.rev, told.why);
    this.#changed = true;
    this.#ackDue = true;
    this.#offerAll();
  }

  #offerAll(): void {
    this.#ready = false;
    this.#offerAllDue = true;
    this.#changed = true;
  }

  #settle(upTo: number, seen: number, rev: number, why: Refusal | null): boolean {
    const { outbox, sent, versions } = this.memory;
    const settled = this.#rules.settle(outbox, { upTo, seen, rev, why });
    this.#offered = Math.max(0, this.#offered - settled.accepted.length);
    for (const entry of settled.accepted) {
      this.#changed = true;
      if (entry.item.kind !== 'send') continue;
      const uid = uidOf(entry.item.body);
      this.#verdicts.push(() => this.#oracle.accepted(uid));
      sent.set(entry.seq, entry);
    }
    const { refused } = settled;
    if (refused === null) return false;
    for (const [id, version] of toldVersions(settled.why)) versions.set(id, version);
    const answer = this.#rules.answerRefusal(outbox, refused, settled.why, this.user);
    this.#changed = true;
    if (refused.item.kind === 'send' && answer.kind !== 'repaired') {
      const uid = uidOf(refused.item.body);
      const why = settled.why?.code;
      // An old copy offers again what was refused long ago, and is told why its last one was.
      if (!this.rolledBack && answer.kind === 'dropped' && why?.startsWith('stale_') === true)
        this.#oracle.bad('REFUSED_FOR_NOTHING', `message ${uid}: repaired again and again`);
      this.#verdicts.push(() => {
        if (answer.kind === 'unresolved') this.#oracle.fate(uid).exempt = true;
        else this.#oracle.refused(uid);
      });
    }
    return true;
  }

  #take(row: Row): void {
    const { inbox } = this.memory;
    const taken = this.#rules.takeRow(inbox, row);
    this.#changed = true;
    if (taken === null) return;
    switch (taken.kind) {
      case 'message': {
        const { from, seq, conversation } = taken;
        this.#fresh.push({ uid: uidOf(taken.body), from, seq, conversation });
        return;
      }
      case 'receipt':
        this.#believe(taken.peer, taken.delivered, new Map(inbox.peers.get(taken.peer)?.read));
        return;
      case 'undelivered':
        this.#notice(taken.peer, taken.after, taken.upTo);
        return;
      case 'group':
        return;
    }
  }

  /** It is in an interval that is told not to reach the peer. */
  wasToldUndelivered(peer: DeviceId, seq: number): boolean {
    const intervals = this.memory.undelivered.get(peer) ?? [];
    return intervals.some(([after, upTo]) => seq > after && seq <= upTo);
  }

  /** What the receipt makes this device show must be true. */
  #believe(peer: DeviceId, delivered: number, read: ReadonlyMap<Conversation, number>): void {
    const shown = new Set(this.memory.delivered.get(peer));
    for (const { seq, item } of this.memory.sent.values()) {
      if (item.kind !== 'send' || this.wasToldUndelivered(peer, seq)) continue;
      const fate = this.#oracle.fate(uidOf(item.body));
      if (fate.exempt || !fate.targets.includes(peer)) continue;
      if (this.#oracle.restored && fate.expired.has(peer)) continue;
      const what = `${this.#oracle.name(fate)} at ${peer}, ${this.id} was told`;
      if (seq <= delivered) shown.add(seq);
      if (seq <= delivered && !fate.seen.has(peer))
        this.#oracle.bad('RECEIPT_LIES', `${what} it is delivered`);
      const conversation = item.to.kind === 'group' ? item.to.group : null;
      if (seq <= (read.get(conversation) ?? 0) && !fate.read.has(peer) && !fate.liedAbout.has(peer))
        this.#oracle.bad('RECEIPT_LIES', `${what} it is read`);
    }
    this.memory.delivered.set(peer, shown);
  }

  #notice(peer: DeviceId, after: number, upTo: number): void {
    for (const seq of this.memory.delivered.get(peer) ?? [])
      if (seq > after && seq <= upTo)
        this.#oracle.bad('RECEIPT_LIES', `${seq} of ${this.id} at ${peer}: delivered, then not`);
    const intervals = this.memory.undelivered.get(peer) ?? [];
    this.memory.undelivered.set(peer, [...intervals, [after, upTo]]);
  }
}
