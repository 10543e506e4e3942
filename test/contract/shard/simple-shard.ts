/**
 * The contract of one shard in the plainest way: whole mailboxes as arrays, no caches, no tables, a copy of everything
 * before each batch. What a real store answers must be what this one answers.
 */
import {
  raiseDelivered,
  raiseRead,
  newReceipt,
  readPairs,
} from '../../../protocol/delivery/receipt.ts';
import type { ReceiptState } from '../../../protocol/delivery/receipt.ts';
import {
  accept,
  judge,
  newSender,
  refuse,
  type SenderState,
} from '../../../protocol/delivery/sender.ts';
import { userOf, type DeviceId } from '../../../protocol/ids.ts';
import type { Refusal } from '../../../protocol/refusal.ts';
import type { ReceiptRow, Row, UndeliveredRow } from '../../../protocol/rows.ts';
import type { Effect } from '../../../storage/mailboxes/contract.ts';
import type { Command } from '../../../storage/shard/contract.ts';

interface Device {
  sender: SenderState;
  lastRow: number;
  acked: number;
  gone: boolean;
  rows: Row[];
}

interface State {
  devices: Map<DeviceId, Device>;
  /** By receiving and sending device. */
  receipts: Map<string, ReceiptState>;
  /** In how many mailboxes a message still waits, by its sending device and number. */
  waiting: Map<string, number>;
}

export type SimpleCommand = Command<
  'decide' | 'acknowledge' | 'state' | 'expire' | 'remove_device'
>;

export class SimpleShard {
  private readonly limits: { mailboxMessages: number; mailboxBytes: number };
  private readonly era: number;
  private state: State = { devices: new Map(), receipts: new Map(), waiting: new Map() };
  private appended = new Map<DeviceId, Row[]>();

  constructor(era: number, limits: { mailboxMessages: number; mailboxBytes: number }) {
    this.era = era;
    this.limits = limits;
  }

  /** @param fails the batch is rolled back at its end */
  commit(commands: readonly SimpleCommand[], fails: boolean) {
    const before = structuredClone(this.state);
    this.appended = new Map();
    const outcomes = commands.map(command => this.carryOut(command));
    if (fails) this.state = before;
    return { outcomes, appended: this.appended };
  }

  rows(device: DeviceId): readonly Row[] {
    return this.device(device).rows;
  }

  deviceState(id: DeviceId) {
    const { sender, acked } = this.device(id);
    return { ...sender, acked, era: this.era };
  }

  private device(id: DeviceId): Device {
    let device = this.state.devices.get(id);
    if (device === undefined) {
      device = { sender: newSender, lastRow: 0, acked: 0, gone: false, rows: [] };
      this.state.devices.set(id, device);
    }
    return device;
  }

  private carryOut(command: SimpleCommand): unknown {
    switch (command.kind) {
      case 'state':
        return this.deviceState(command.device);
      case 'decide':
        return this.decide(command);
      case 'acknowledge':
        return this.acknowledge(command.device, command.upTo);
      case 'expire':
        return this.expire(command.before);
      case 'remove_device':
        this.drop(command.device, () => true);
        this.device(command.device).rows = [];
        this.device(command.device).gone = true;
        return undefined;
    }
  }

  private decide({ device: id, offer, intent, at }: Command<'decide'>) {
    const device = this.device(id);
    const { seq, rev } = offer;
    const { upTo, why } = device.sender;
    switch (judge(device.sender, offer)) {
      case 'accepted_again':
        return { kind: 'accepted', upTo };
      case 'refused_again':
        return { kind: 'rejected', seq, rev, why, upTo };
      case 'gap':
        return { kind: 'gap', seq, state: this.deviceState(id) };
      case 'fresh':
        break;
    }
    const refusal = intent.kind === 'refuse' ? intent.why : this.noRoom(id, intent);
    if (refusal !== null) {
      device.sender = refuse(device.sender, offer, refusal);
      return { kind: 'rejected', seq, rev, why: refusal, upTo };
    }
    device.sender = accept(offer);
    if (intent.kind === 'read') {
      const state = raiseRead(this.receipt(id, intent.sender), intent.conversation, intent.upTo);
      if (this.setReceipt(id, intent.sender, state)) this.tell(id, intent.sender);
    } else if (intent.kind === 'message') {
      this.deliver(id, seq, intent, at);
    }
    return { kind: 'accepted', upTo: seq };
  }

  private isFull(id: DeviceId, bytes: number): boolean {
    const messages = this.device(id).rows.filter(row => row.kind === 'message');
    const stored = messages.reduce((sum, row) => sum + row.body.length, 0);
    return (
      messages.length >= this.limits.mailboxMessages || stored + bytes > this.limits.mailboxBytes
    );
  }

  private noRoom(sender: DeviceId, effect: Effect): Refusal | null {
    if (effect.kind !== 'message' || effect.conversation !== null) return null;
    for (const user of new Set(effect.targets.map(userOf))) {
      if (user === userOf(sender)) continue;
      const devices = effect.targets.filter(device => userOf(device) === user);
      if (devices.every(device => this.isFull(device, effect.body.length)))
        return { code: 'mailbox_full', user };
    }
    return null;
  }

  private deliver(from: DeviceId, seq: number, effect: Effect & { kind: 'message' }, at: number) {
    const { conversation, body, targets } = effect;
    const open = targets.filter(id => !this.device(id).gone && !this.isFull(id, body.length));
    for (const id of targets) {
      if (open.includes(id)) continue;
      this.append(from, { kind: 'undelivered', peer: id, after: seq - 1, upTo: seq });
    }
    this.state.waiting.set(`${from} ${seq}`, open.length);
    for (const id of open) {
      this.append(id, { kind: 'message', from, seq, conversation, acceptedAt: at, body });
      const receipt = this.receipt(id, from);
      this.setReceipt(id, from, { ...receipt, stored: Math.max(receipt.stored, seq) });
    }
  }

  private append(id: DeviceId, row: WithoutNumber): void {
    const device = this.device(id);
    if (device.gone) return;
    const numbered = { ...row, n: ++device.lastRow } as Row;
    if (row.kind === 'receipt')
      device.rows = device.rows.filter(old => old.kind !== 'receipt' || old.peer !== row.peer);
    device.rows.push(numbered);
    this.appended.set(id, [...(this.appended.get(id) ?? []), numbered]);
  }

  /** One row of the message is gone. @returns whether it was the last */
  private letGo({ from, seq }: { from: DeviceId; seq: number }): boolean {
    const left = (this.state.waiting.get(`${from} ${seq}`) ?? 0) - 1;
    this.state.waiting.set(`${from} ${seq}`, left);
    return left === 0;
  }

  private acknowledge(id: DeviceId, upTo: number) {
    const device = this.device(id);
    const acked = Math.min(upTo, device.lastRow);
    if (acked <= device.acked) return { acked: device.acked };
    const gone = device.rows.filter(row => row.n <= acked).filter(row => row.kind === 'message');
    device.rows = device.rows.filter(row => row.n > acked);
    device.acked = acked;
    const told = gone.filter(row => this.letGo(row) || row.conversation === null);
    for (const from of new Set(gone.map(row => row.from))) {
      const seq = Math.max(...gone.filter(row => row.from === from).map(row => row.seq));
      const rises = this.setReceipt(id, from, raiseDelivered(this.receipt(id, from), seq));
      if (rises && told.some(row => row.from === from)) this.tell(id, from);
    }
    return { acked };
  }

  private expire(before: number) {
    let expired = 0;
    for (const id of [...this.state.devices.keys()].sort())
      expired += this.drop(id, at => at < before);
    return { next: null, expired };
  }

  private drop(id: DeviceId, due: (at: number) => boolean): number {
    const device = this.device(id);
    const messages = device.rows.filter(row => row.kind === 'message');
    const end = messages.findIndex(row => !due(row.acceptedAt));
    const dropped = end === -1 ? messages : messages.slice(0, end);
    device.rows = device.rows.filter(row => row.kind !== 'message' || !dropped.includes(row));
    for (const row of dropped) this.letGo(row);
    for (const from of new Set(dropped.map(row => row.from))) {
      const upTo = Math.max(...dropped.filter(row => row.from === from).map(row => row.seq));
      const after = this.receipt(id, from).delivered;
      this.append(from, { kind: 'undelivered', peer: id, after, upTo });
    }
    return dropped.length;
  }

  private receipt(peer: DeviceId, sender: DeviceId): ReceiptState {
    return this.state.receipts.get(`${peer} ${sender}`) ?? newReceipt;
  }

  private setReceipt(peer: DeviceId, sender: DeviceId, state: ReceiptState): boolean {
    const changed = state !== this.receipt(peer, sender);
    this.state.receipts.set(`${peer} ${sender}`, state);
    return changed;
  }

  private tell(peer: DeviceId, sender: DeviceId): void {
    const state = this.receipt(peer, sender);
    const { delivered } = state;
    this.append(sender, { kind: 'receipt', peer, delivered, read: readPairs(state) });
  }
}

type WithoutNumber =
  Omit<Extract<Row, { kind: 'message' }>, 'n'> | Omit<ReceiptRow, 'n'> | Omit<UndeliveredRow, 'n'>;
