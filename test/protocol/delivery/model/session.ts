/** One connection as the server has it: the gateway's socket, and the session that may die and be followed by another. */
import type { DeviceId } from '../../../../protocol/ids.ts';
import type {
  Ack,
  Deliver,
  Accepted,
  Read,
  Rejected,
  Send,
  State,
} from '../../../../protocol/packets.ts';
import type { Random } from './random.ts';
import type { Resolution, Shard } from './shard.ts';
import type { Rules } from './rules.ts';
import type { Answer, Asker, WriterRequest } from './writer.ts';

export type Up = Send | Read | Ack;
export type Down = State | Accepted | Rejected | Deliver;

/** A socket with what is on its way in both directions. */
export class Socket {
  readonly device: DeviceId;
  up: Up[] = [];
  down: Down[] = [];
  clientOpen = true;
  serverOpen = true;
  /** Frames the session has had, of which a gateway may give some again. */
  readonly had: Up[] = [];

  constructor(device: DeviceId) {
    this.device = device;
  }
}

/** What a session needs of the rest of the server. */
export interface SessionHost {
  readonly rules: Rules;
  readonly random: Random;
  /** Asks the writer of the device's home shard. */
  ask(request: WriterRequest): void;
  resolve(device: DeviceId, packet: Send | Read): Resolution;
  /** The shard at home as pushes may see it. */
  view(device: DeviceId): Shard;
}

/** Rows under way. */
const pushWindow = 4;

export class Session implements Asker {
  alive = true;
  readonly answers: Answer[] = [];
  readonly socket: Socket;
  readonly #host: SessionHost;
  /** `state` was sent: frames may be read. */
  ready = false;
  #cursor = 0;
  #acked = 0;
  #gapSeq = 0;

  constructor(host: SessionHost, socket: Socket) {
    this.#host = host;
    this.socket = socket;
    this.#askState();
  }

  #askState(): void {
    this.#host.ask({ kind: 'state', device: this.socket.device, from: this });
  }

  readFrame(): void {
    const { socket } = this;
    const packet = socket.up.shift()!;
    socket.had.push(packet);
    if (socket.had.length > 10) socket.had.shift();
    if (packet.kind === 'ack') {
      if (packet.again) this.#cursor = Math.max(packet.upTo, this.#acked);
      this.#acked = Math.max(this.#acked, Math.min(packet.upTo, this.#cursor));
      this.#host.ask({ kind: 'ack', device: socket.device, upTo: packet.upTo, from: this });
      return;
    }
    const resolution = this.#host.resolve(socket.device, packet);
    this.#host.ask({ kind: 'decide', device: socket.device, packet, resolution, from: this });
  }

  handleAnswer(home: number): void {
    const answer = this.answers.shift()!;
    switch (answer.kind) {
      case 'state':
        this.ready = true;
        this.#acked = this.#cursor = answer.state.acked;
        this.#gapSeq = 0;
        this.#tell(answer.state);
        return;
      case 'decided':
        this.#decided(answer);
        return;
      case 'failed':
        this.#failed(answer.request);
        return;
      case 'down':
        if (answer.shard !== home) return;
        this.ready = false;
        this.#askState();
        return;
      case 'acked':
      case 'linked':
      case 'link_gap':
        return;
    }
  }

  #decided({ seq, decision }: Extract<Answer, { kind: 'decided' }>): void {
    const first = this.#gapSeq === 0 || seq <= this.#gapSeq;
    this.#gapSeq = decision.kind === 'accepted' ? 0 : seq;
    if (decision.kind !== 'gap') this.#tell(decision);
    else if (first) this.#tell(decision.state);
  }

  #failed(request: WriterRequest): void {
    if (request.kind === 'ack') {
      if (this.#host.rules.ackRepeat) this.#host.ask({ ...request, upTo: this.#acked });
      return;
    }
    if (request.kind === 'decide') {
      const { seq } = request.packet;
      const first = this.#gapSeq === 0 || seq <= this.#gapSeq;
      this.#gapSeq = seq;
      if (!first) return;
    }
    this.#askState();
  }

  #tell(packet: Down): void {
    if (this.socket.serverOpen) this.socket.down.push(packet);
  }

  get canPush(): boolean {
    if (!this.alive || !this.ready || !this.socket.serverOpen) return false;
    const { rows } = this.#host.view(this.socket.device).box(this.socket.device);
    const underWay = rows.filter(row => row.n > this.#acked && row.n <= this.#cursor).length;
    return underWay < pushWindow && rows.some(row => row.n > this.#cursor);
  }

  push(): void {
    const rows = this.#host
      .view(this.socket.device)
      .box(this.socket.device)
      .rows.filter(row => row.n > this.#cursor)
      .slice(0, 1 + this.#host.random.below(3));
    this.#tell({ kind: 'deliver', after: this.#cursor, rows });
    this.#cursor = rows.at(-1)!.n;
  }

  /** Rows wait for an acknowledgement that does not come. */
  get waitsInVain(): boolean {
    const { up, down, clientOpen } = this.socket;
    return (
      this.ready && this.#cursor > this.#acked && up.length === 0 && down.length === 0 && clientOpen
    );
  }

  pushAgain(): void {
    this.#cursor = this.#acked;
  }
}

/** The shard's rows pass between two shards in order of their numbers. */
export class Forwarder implements Asker {
  readonly alive = true;
  readonly answers: Answer[] = [];
  readonly source: number;
  readonly target: number;
  /** The highest row sent. */
  cursor = 0;

  constructor(source: number, target: number) {
    this.source = source;
    this.target = target;
  }
}
