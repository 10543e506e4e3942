import { decodeClientFrame, encodeFrame } from '../../protocol/codec/frame.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import {
  accept,
  judge,
  newSender,
  refuse,
  type SenderState,
} from '../../protocol/delivery/sender.ts';
import {
  newReceipt,
  raiseDelivered,
  raiseRead,
  readPairs,
  type ReceiptState,
} from '../../protocol/delivery/receipt.ts';
import { errors, type CloseCode } from '../../protocol/errors.ts';
import { userOf, type DeviceId, type GroupId, type UserId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import {
  roles,
  type ClientPacket,
  type Login,
  type Read,
  type Send,
  type ServerPacket,
} from '../../protocol/packets.ts';
import type { Refusal } from '../../protocol/refusal.ts';
import type { Row } from '../../protocol/rows.ts';
import { loginBytes } from '../../protocol/signing.ts';
import type { Transport, TransportHandlers, TransportSocket } from '../../client/transport.ts';

type UnnumberedRow = Row extends infer R ? (R extends Row ? Omit<R, 'n'> : never) : never;

interface Device {
  readonly key: Uint8Array;
  sender: SenderState;
  rows: Row[];
  lastN: number;
  acked: number;
}

interface Account {
  version: number;
  devices: DeviceId[];
}

/**
 * A whole server in memory for tests of the client: one shard made of the rules in protocol/delivery/, frames of the
 * real codec, no accounts but those given. Tests turn its knobs.
 */
export class FakeServer {
  readonly transport: Transport = {
    connect: (url, subprotocol, handlers) => this.#connect(url, subprotocol, handlers),
  };
  /** Packets that clients sent, in order, with their device. */
  readonly heard: { device: DeviceId; packet: ClientPacket }[] = [];
  /** Attempts are turned away while false. */
  up = true;
  /** While true nothing is decided: offers are heard and forgotten. */
  deaf = false;
  /** While true decisions are made but nobody is told. */
  mute = false;
  /** While true a login is welcomed, but `state` does not follow. */
  stateless = false;
  /** The next send is refused with this. */
  refuseNext: Refusal | null = null;
  era = 1;
  frameWindow: number = limits.unackedRows;
  bodyBytes: number = limits.bodyBytes;
  tickets = new Set<string>();
  readonly devices = new Map<DeviceId, Device>();
  readonly accounts = new Map<UserId, Account>();
  readonly groups = new Map<GroupId, { version: number; members: UserId[] }>();
  readonly receipts = new Map<string, ReceiptState>();
  readonly sessions = new Set<FakeSession>();
  answer: (packet: Extract<ClientPacket, { kind: 'request' }>) => ServerPacket | null = ({
    id,
  }) => ({
    kind: 'error',
    code: 'unknown_method',
    message: '',
    about: id,
  });

  add(device: DeviceId, key: Uint8Array): void {
    this.devices.set(device, { key, sender: newSender, rows: [], lastN: 0, acked: 0 });
    const account = this.accounts.get(userOf(device)) ?? { version: 0, devices: [] };
    account.version += 1;
    account.devices.push(device);
    this.accounts.set(userOf(device), account);
  }

  /** A consistent copy, to be given to {@link restore}. */
  backup(): unknown {
    return structuredClone({ devices: this.devices, receipts: this.receipts });
  }

  restore(copy: unknown): void {
    const { devices, receipts } = structuredClone(copy) as Pick<FakeServer, 'devices' | 'receipts'>;
    this.cutAll();
    this.devices.clear();
    this.receipts.clear();
    for (const [id, device] of devices) this.devices.set(id, device);
    for (const [pair, receipt] of receipts) this.receipts.set(pair, receipt);
    this.era += 1;
  }

  cutAll(): void {
    for (const session of [...this.sessions]) session.cut();
  }

  closeAll(code: CloseCode, retryAfterMs: number | null): void {
    for (const session of [...this.sessions]) session.close(code, retryAfterMs);
  }

  append(to: DeviceId, row: UnnumberedRow): void {
    const device = this.devices.get(to);
    if (device === undefined) return;
    device.lastN += 1;
    device.rows.push({ ...row, n: device.lastN });
    for (const session of this.sessions) session.push();
  }

  decide(from: DeviceId, device: Device, packet: Send | Read): ServerPacket {
    const judgement = judge(device.sender, packet);
    if (judgement === 'accepted_again') return this.#accepted(device);
    if (judgement === 'gap') return this.state(device);
    const why = judgement === 'refused_again' ? device.sender.why : this.#refusal(from, packet);
    if (judgement === 'refused_again' || why !== null) {
      if (judgement === 'fresh' && why !== null) device.sender = refuse(device.sender, packet, why);
      const { rev, upTo } = device.sender;
      return {
        kind: 'rejected',
        seq: packet.seq,
        rev,
        upTo,
        why: why ?? { code: 'blocked', user: userOf(from) },
      };
    }
    device.sender = accept(packet);
    if (packet.kind === 'send') this.#fanOut(from, packet);
    else this.#read(from, packet);
    return this.#accepted(device);
  }

  state({ sender: { upTo, seen, rev, why }, acked }: Device): ServerPacket {
    return { kind: 'state', upTo, seen, rev, why, acked, era: this.era };
  }

  #accepted({ sender }: Device): ServerPacket {
    return { kind: 'accepted', upTo: sender.upTo, at: 1_000 + sender.upTo };
  }

  #refusal(from: DeviceId, packet: Send | Read): Refusal | null {
    if (this.refuseNext !== null) {
      const why = this.refuseNext;
      this.refuseNext = null;
      return why;
    }
    if (packet.kind === 'read') return null;
    const { to } = packet;
    if (to.kind === 'group') {
      const group = this.groups.get(to.group);
      if (group === undefined) return { code: 'unknown_group', group: to.group };
      return group.version === to.version
        ? null
        : { code: 'stale_group', group: to.group, version: group.version };
    }
    const named = [...to.users, [userOf(from), to.own] as const];
    for (const [user] of named) if (!this.accounts.has(user)) return { code: 'unknown_user', user };
    const stale = named.filter(([user, version]) => this.accounts.get(user)!.version !== version);
    if (stale.length === 0) return null;
    const lists = stale.map(([user]) => ({ user, ...this.accounts.get(user)! }));
    return { code: 'stale_devices', lists };
  }

  #fanOut(from: DeviceId, { to, seq, body }: Send): void {
    const users =
      to.kind === 'group'
        ? this.groups.get(to.group)!.members
        : [...to.users.map(([user]) => user), userOf(from)];
    for (const user of users)
      for (const target of this.accounts.get(user)?.devices ?? []) {
        if (target === from) continue;
        const receipt = this.receipts.get(`${from}|${target}`) ?? newReceipt;
        this.receipts.set(`${from}|${target}`, { ...receipt, stored: seq });
        const conversation = to.kind === 'group' ? to.group : null;
        this.append(target, {
          kind: 'message',
          from,
          seq,
          conversation,
          acceptedAt: 1_000 + seq,
          body: new Uint8Array(body),
        });
      }
  }

  #read(reader: DeviceId, { sender, conversation, upTo }: Read): void {
    this.raise(sender, reader, receipt => raiseRead(receipt, conversation, upTo));
  }

  raise(sender: DeviceId, peer: DeviceId, change: (receipt: ReceiptState) => ReceiptState): void {
    const before = this.receipts.get(`${sender}|${peer}`) ?? newReceipt;
    const after = change(before);
    if (after === before) return;
    this.receipts.set(`${sender}|${peer}`, after);
    const device = this.devices.get(sender);
    if (device !== undefined)
      device.rows = device.rows.filter(row => row.kind !== 'receipt' || row.peer !== peer);
    this.append(sender, {
      kind: 'receipt',
      peer,
      delivered: after.delivered,
      read: readPairs(after),
    });
  }

  acknowledge(id: DeviceId, device: Device, upTo: number): void {
    const gone = device.rows.filter(row => row.n <= upTo);
    device.acked = Math.max(device.acked, Math.min(upTo, device.lastN));
    device.rows = device.rows.filter(row => row.n > upTo);
    for (const row of gone)
      if (row.kind === 'message')
        this.raise(row.from, id, receipt => raiseDelivered(receipt, row.seq));
  }

  #connect(url: string, subprotocol: string, handlers: TransportHandlers): TransportSocket {
    if (subprotocol !== 'strowger.v1') throw new Error(`expected strowger.v1, got ${subprotocol}`);
    const id = decodeURIComponent(new URL(url).pathname.slice('/v1/'.length)) as DeviceId;
    const session = new FakeSession(this, id, handlers);
    queueMicrotask(() => {
      if (this.up) session.open();
      else session.refuse();
    });
    return session;
  }
}

/** One connection: socket to the client, session to the server. */
export class FakeSession implements TransportSocket {
  readonly bufferedBytes = 0;
  readonly #server: FakeServer;
  readonly #id: DeviceId;
  readonly #handlers: TransportHandlers;
  readonly #nonce = nodeCrypto.randomBytes(32);
  #open = true;
  #roles = 0;
  #cursor = 0;
  #gapSeq = 0;

  constructor(server: FakeServer, id: DeviceId, handlers: TransportHandlers) {
    this.#server = server;
    this.#id = id;
    this.#handlers = handlers;
  }

  open(): void {
    if (!this.#open) return;
    this.#server.sessions.add(this);
    this.#handlers.onOpen();
    this.tell({ kind: 'challenge', nonce: this.#nonce, time: 0 });
  }

  refuse(): void {
    this.#end(1006, 'ECONNREFUSED');
  }

  cut(): void {
    this.#end(1006, '');
  }

  /** What a session says that takes over the socket of one that died. */
  resume(): void {
    const device = this.#server.devices.get(this.#id);
    if (device !== undefined) this.tell(this.#server.state(device));
  }

  /** As the gateway does: the packet, then the WebSocket close. */
  close(code: CloseCode | number | undefined = 1000, retryAfterMs: number | null = null): void {
    if (typeof code === 'number') {
      this.#end(code, '');
      return;
    }
    this.tell({ kind: 'close', code, message: errors[code].text, retryAfterMs });
    this.#end(errors[code].closes, code);
  }

  #end(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#server.sessions.delete(this);
    queueMicrotask(() => this.#handlers.onClose({ code, reason }));
  }

  tell(packet: ServerPacket): void {
    if (!this.#open || (this.#server.mute && packet.kind !== 'challenge')) return;
    const frame = encodeFrame([packet]);
    queueMicrotask(() => this.#handlers.onMessage(frame));
  }

  send(data: Uint8Array): void {
    if (!this.#open) return;
    for (const packet of decodeClientFrame(data)) {
      if (packet.kind === 'bad') throw new Error(`bad packet: ${packet.message}`);
      this.#server.heard.push({ device: this.#id, packet });
      this.#handle(packet);
    }
  }

  #handle(packet: ClientPacket): void {
    const server = this.#server;
    const device = server.devices.get(this.#id);
    if (device === undefined) {
      this.close('unknown_device');
      return;
    }
    switch (packet.kind) {
      case 'login':
        this.#login(device, packet);
        return;
      case 'send':
      case 'read':
        if (!server.deaf) this.#answer(packet.seq, server.decide(this.#id, device, packet));
        return;
      case 'ack':
        if (packet.again) this.#cursor = packet.upTo;
        server.acknowledge(this.#id, device, packet.upTo);
        this.push();
        return;
      case 'ping':
        this.tell({ kind: 'pong', token: packet.token });
        return;
      case 'request': {
        const answer = server.answer(packet);
        if (answer !== null) this.tell(answer);
        return;
      }
      default:
        packet satisfies never;
    }
  }

  /** Of a run of gaps only the first is told. */
  #answer(seq: number, answer: ServerPacket): void {
    const told = answer.kind !== 'state' || this.#gapSeq === 0 || seq <= this.#gapSeq;
    this.#gapSeq = answer.kind === 'accepted' ? 0 : seq;
    if (told) this.tell(answer);
  }

  #login(device: Device, packet: Login): void {
    const { proof } = packet;
    const good =
      proof.kind === 'ticket'
        ? this.#server.tickets.has(proof.ticket.toString())
        : nodeCrypto.verify(
            device.key,
            loginBytes(this.#id, packet.roles, this.#nonce),
            proof.signature,
          );
    if (!good) {
      this.close('login_failed');
      return;
    }
    for (const other of this.#server.sessions)
      if (other !== this && other.#id === this.#id && (other.#roles & packet.roles) !== 0)
        other.close('replaced');
    this.#roles = packet.roles;
    this.#cursor = device.acked;
    const ticket = nodeCrypto.randomBytes(16);
    this.#server.tickets.add(ticket.toString());
    this.tell({
      kind: 'welcome',
      ticket,
      ticketExpiresAt: Number.MAX_SAFE_INTEGER,
      time: 0,
      limits: { ...limits, bodyBytes: this.#server.bodyBytes },
    });
    if (!this.#server.stateless) this.tell(this.#server.state(device));
    this.push();
  }

  push(): void {
    const device = this.#server.devices.get(this.#id);
    if (device === undefined || (this.#roles & roles.receive) === 0) return;
    const rows = device.rows
      .filter(row => row.n > this.#cursor)
      .slice(0, Math.max(0, this.#server.frameWindow - (this.#cursor - device.acked)));
    const last = rows.at(-1);
    if (last === undefined) return;
    this.tell({ kind: 'deliver', after: this.#cursor, rows });
    this.#cursor = last.n;
  }
}
