/**
 * Three users with one to three devices each, a group, two shards with a link each way; every device sends, reads, and
 * comes and goes, while sessions, writers and devices die, frames are lost and given again, disks are full, rosters
 * change, messages expire, and devices and the server are put back to old copies. Then the faults end, everything
 * must drain, and the oracle looks at what was promised. One seed is one run.
 */
import type { Addressing, Read, Send } from '../../../../protocol/packets.ts';
import { deviceId, groupId, userOf, type DeviceId, type UserId } from '../../../../protocol/ids.ts';
import type { DeviceList, Refusal } from '../../../../protocol/refusal.ts';
import { Device } from './device.ts';
import { Oracle, type Violation } from './oracle.ts';
import { Random } from './random.ts';
import type { Rules } from './rules.ts';
import { Forwarder, Session, Socket, type SessionHost } from './session.ts';
import { Shard, type Resolution, type Surroundings } from './shard.ts';
import { Writer, type WriterRequest } from './writer.ts';

export interface RunOptions {
  /** Steps with faults; those to drain come on top. */
  readonly steps?: number;
  readonly messages?: number;
  /** What is not left to chance of this run's mixture. */
  readonly often?: Partial<Mixture>;
  /** Gets what happens, line by line. */
  readonly trace?: (line: string) => void;
}

export interface RunResult {
  readonly violations: readonly Violation[];
  /** How often each thing happened, to see that the run was worth something. */
  readonly happened: Readonly<Record<string, number>>;
}

interface Account {
  version: number;
  nextNumber: number;
  devices: DeviceId[];
}

const users = ['a', 'b', 'c'] as UserId[];
const theGroup = groupId(new Uint8Array(16));
const shards = 2;
/** Steps in which everything must drain once the faults have ended. */
const drainSteps = 8_000;

export function run(seed: number, rules: Rules, options: RunOptions = {}): RunResult {
  const world = new World(seed, rules, options);
  world.run(options.steps ?? 1_200);
  return { violations: world.oracle.violations, happened: world.happened };
}

/** What may go wrong. Each run has its own mixture: some never, some four times as often. */
const faults = [
  'lost frame',
  'session dies',
  'writer dies',
  'commit fails',
  'shard moves',
  'link begins again',
  'device dies',
  'device leaves',
  'device is restored',
  'server is restored',
  'group changes',
  'block changes',
  'device comes',
  'device goes',
  'messages expire',
  'application reads',
] as const;

/** How often each thing happens, beside how often it usually does. */
export type Mixture = Readonly<Record<(typeof faults)[number], number>>;
type Fault = keyof Mixture;

type Add = (weight: number, act: () => void) => void;
type Action = readonly [weight: number, act: () => void];

class World implements Surroundings, SessionHost {
  readonly rules: Rules;
  readonly random: Random;
  readonly oracle: Oracle;
  readonly happened: Record<string, number> = {};
  readonly #maxMessages: number;
  #submitted = 0;
  #faults = true;
  #step = 0;
  readonly #accounts = new Map<UserId, Account>();
  readonly #devices = new Map<DeviceId, Device>();
  readonly #removed = new Set<DeviceId>();
  readonly #group = { version: 1, members: [users[0]!, users[1]!] };
  readonly #blocked = new Set<string>();
  readonly #writers: Writer[];
  #zombies: Writer[] = [];
  readonly #full = Array.from({ length: shards }, () => false);
  readonly #forwarders = [new Forwarder(0, 1), new Forwarder(1, 0)];
  #connections: { socket: Socket; session: Session }[] = [];
  readonly #often: Mixture;
  #serverBackup: Shard[] | null = null;

  constructor(seed: number, rules: Rules, { messages = 30, often, trace }: RunOptions) {
    this.rules = rules;
    this.random = new Random(seed);
    this.oracle = new Oracle(trace);
    this.#maxMessages = messages;
    const mixed = faults.map(fault => [fault, this.random.pick([0, 0.3, 1, 1, 4])] as const);
    this.#often = { ...(Object.fromEntries(mixed) as Record<Fault, number>), ...often };
    this.#writers = [0, 1].map(index => new Writer(rules, index, new Shard(this, index)));
    for (const user of users) {
      this.#accounts.set(user, { version: 0, nextNumber: 1, devices: [] });
      this.#addDevice(user);
      if (this.random.chance(0.4)) this.#addDevice(user);
    }
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) if (!this.#doOne()) break;
    this.#faults = false;
    this.#full.fill(false);
    for (let i = 0; i < drainSteps; i++) {
      if (i % 20 === 0 && this.#busy() === null) break;
      if (!this.#doOne()) break;
    }
    const busy = this.#busy();
    if (busy !== null) this.oracle.bad('WEDGED', busy);
    else this.#finish();
  }

  #doOne(): boolean {
    const actions = this.#actions();
    let sum = 0;
    for (const [weight] of actions) sum += weight;
    if (sum === 0) return false;
    let at = this.random.next() * sum;
    this.#step += 1;
    for (const [weight, act] of actions) {
      at -= weight;
      if (at > 0) continue;
      act();
      break;
    }
    if (this.#step % 50 === 0)
      this.#connections = this.#connections.filter(({ socket }) => socket.serverOpen);
    return true;
  }

  #count(what: string, whose: string | number = ''): void {
    this.oracle.note(`${what} ${whose}`);
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }

  // ---- what the parts ask of each other

  shardOf(device: DeviceId): number {
    return userOf(device) === 'b' ? 1 : 0;
  }

  taken(packet: Send | Read, from: DeviceId, targets: readonly DeviceId[]): void {
    if (packet.kind === 'send') {
      this.happened['taken'] = (this.happened['taken'] ?? 0) + 1;
      this.oracle.taken(packet.body[0]! * 256 + packet.body[1]!, targets);
      return;
    }
    // What a liar claims to have read is its own affair; what comes later is not.
    for (const fate of this.oracle.fates)
      if (
        fate.from === packet.sender &&
        fate.conversation === packet.conversation &&
        fate.targets.includes(from)
      )
        fate.liedAbout.add(from);
  }

  ask(request: WriterRequest): void {
    const shard =
      request.kind === 'link' || request.kind === 'trim' ? null : this.shardOf(request.device);
    if (shard !== null) this.#writers[shard]!.ask(request);
  }

  view(device: DeviceId): Shard {
    const writer = this.#writers[this.shardOf(device)]!;
    return this.rules.pushCommitted ? writer.durable : writer.memory;
  }

  resolve(device: DeviceId, packet: Send | Read): Resolution {
    if (packet.kind === 'read') return { refuse: null, targets: [] };
    const self = userOf(device);
    const refuse = this.#refusal(self, packet.to);
    if (refuse !== null) return { refuse };
    const named =
      packet.to.kind === 'group'
        ? this.#group.members
        : [...packet.to.users.map(([user]) => user), self];
    const targets = named
      .flatMap(user => this.#account(user).devices)
      .filter(other => other !== device);
    return { refuse: null, targets };
  }

  #refusal(self: UserId, to: Addressing): Refusal | null {
    if (to.kind === 'group') {
      const { members, version } = this.#group;
      if (!members.includes(self)) return { code: 'not_member', group: to.group };
      return to.version === version ? null : { code: 'stale_group', group: to.group, version };
    }
    for (const [user] of to.users)
      if (this.#blocked.has(user + self)) return { code: 'blocked', user };
    const stale: DeviceList[] = [];
    for (const [user, named] of [...to.users, [self, to.own] as const]) {
      const { version, devices } = this.#account(user);
      if (named !== version) stale.push({ user, version, devices });
    }
    return stale.length === 0 ? null : { code: 'stale_devices', lists: stale };
  }

  #account(user: UserId): Account {
    return this.#accounts.get(user)!;
  }

  // ---- devices

  #addDevice(user: UserId): void {
    const account = this.#account(user);
    const id = deviceId(user, account.nextNumber++);
    account.version += 1;
    account.devices.push(id);
    this.#group.version += 1;
    this.#devices.set(id, new Device(this.rules, this.oracle, id, user));
  }

  #removeDevice(device: Device): void {
    const account = this.#account(device.user);
    if (account.devices.length === 1) this.#addDevice(device.user);
    account.version += 1;
    account.devices = account.devices.filter(id => id !== device.id);
    this.#group.version += 1;
    device.crash();
    device.retired = true;
    this.#removed.add(device.id);
    for (const { socket } of this.#of(device.id)) this.#serverCloses(socket);
    this.#closeBox(device.id);
    this.#count('removed', device.id);
  }

  #closeBox(id: DeviceId): void {
    this.#writers[this.shardOf(id)]!.force(shard => {
      for (const row of shard.expire(id, Infinity, true))
        this.oracle.fate(row.body[0]! * 256 + row.body[1]!).expired.add(id);
    });
  }

  #of(id: DeviceId): { socket: Socket; session: Session }[] {
    return this.#connections.filter(({ socket }) => socket.device === id);
  }

  #connect(device: Device): void {
    const socket = new Socket(device.id);
    device.connect(socket);
    this.#connections.push({ socket, session: new Session(this, socket) });
  }

  #leave(device: Device): void {
    if (device.socket !== null) device.socket.clientOpen = false;
    device.disconnect();
  }

  #serverCloses(socket: Socket): void {
    socket.serverOpen = false;
    socket.up = [];
    for (const { session } of this.#connections.filter(other => other.socket === socket))
      session.alive = false;
  }

  #submit(device: Device): void {
    this.#submitTo(device);
    // Two memories were lost: the device's own, and the server's that would have shown it.
    if (this.oracle.restored && device.rolledBack) this.#forgive(device.id);
  }

  #submitTo(device: Device): void {
    const { versions } = device.memory;
    this.#submitted += 1;
    if (this.random.chance(0.35)) {
      const version = versions.get(theGroup) ?? 0;
      device.submit({ kind: 'group', group: theGroup, version }, theGroup);
      return;
    }
    const to = this.random.pick(users.filter(user => user !== device.user));
    const own = versions.get(device.user) ?? 0;
    device.submit({ kind: 'direct', users: [[to, versions.get(to) ?? 0]], own }, null);
  }

  // ---- what can happen next

  #actions(): Action[] {
    const actions: Action[] = [];
    const add: Add = (weight, act) => void actions.push([weight, act]);
    for (const device of this.#devices.values())
      if (!device.retired) this.#deviceActions(device, add);
    for (const connection of this.#connections)
      if (connection.socket.serverOpen) this.#connectionActions(connection, add);
    for (const writer of [...this.#writers, ...this.#zombies]) this.#writerActions(writer, add);
    for (const forwarder of this.#forwarders) this.#linkActions(forwarder, add);
    if (this.#faults) this.#worldActions(add);
    return actions;
  }

  /** How likely a fault is now. */
  #odds(fault: Fault, weight: number): number {
    return this.#faults ? weight * this.#often[fault] : 0;
  }

  #deviceActions(device: Device, add: Add): void {
    if (!device.up) {
      add(this.#faults ? 0.4 : 4, () => void (device.up = true));
      return;
    }
    if (device.mustStore) add(3, () => device.store());
    const { socket } = device;
    if (socket === null) add(2, () => this.#connect(device));
    else {
      if (socket.down.length > 0) add(3, () => this.#receive(device, socket));
      else if (!socket.serverOpen) add(1, () => this.#leave(device));
      if (device.waitsInVain && socket.up.length === 0 && socket.down.length === 0)
        add(0.03, () => this.#leave(device));
      add(this.#odds('device leaves', 0.06), () => this.#leave(device));
    }
    if (!this.#faults) return;
    if (this.#submitted < this.#maxMessages) add(0.2, () => this.#submit(device));
    if (device.memory.shown.length > 0)
      add(this.#odds('application reads', 0.1), () => {
        this.#count('read', device.id);
        device.read(this.random.pick(device.memory.shown), this.random.chance(0.05) ? 50 : 0);
      });
    add(this.#odds('device dies', 0.05), () => {
      this.#count('device died', device.id);
      this.#leave(device);
      device.crash();
    });
    const restore = this.#odds('device is restored', 0.01);
    if (device.backup === null) add(restore, () => device.makeBackup());
    else if (!device.rolledBack) add(restore, () => this.#restoreDevice(device));
  }

  #receive(device: Device, socket: Socket): void {
    if (device.receive(socket.down.shift()!)) return;
    this.#count('retired', device.id);
    if (!device.rolledBack) this.oracle.bad('RETIRED_FOR_NOTHING', device.id);
    this.#removeDevice(device);
    this.#forgive(device.id);
  }

  /** A device that has lost its memory may have told things that nobody knows any more. */
  #forgive(id: DeviceId): void {
    for (const fate of this.oracle.fates) if (fate.from === id) fate.exempt = true;
  }

  #restoreDevice(device: Device): void {
    this.#count('device restored', device.id);
    // Its connections are gone with it, or its old self would go on beside it.
    for (const { socket } of this.#of(device.id)) this.#serverCloses(socket);
    // So is what the server had of it and not decided: nobody can tell a late offer of the old self from the new one’s.
    this.#writers[this.shardOf(device.id)]!.forget(device.id);
    this.#leave(device);
    device.restoreBackup();
    if (this.oracle.restored) this.#forgive(device.id);
  }

  #connectionActions({ socket, session }: { socket: Socket; session: Session }, add: Add): void {
    if (socket.up.length > 0 && session.ready) add(3, () => session.readFrame());
    if (!socket.clientOpen) add(socket.up.length > 0 ? 0.15 : 1, () => this.#serverCloses(socket));
    if (session.answers.length > 0) add(3, () => session.handleAnswer(this.shardOf(socket.device)));
    if (session.canPush) add(2, () => session.push());
    if (session.waitsInVain) add(0.05, () => session.pushAgain());
    if (!this.#faults) return;
    add(this.#odds('session dies', 0.04), () => this.#sessionDies(socket, session));
    const lost = this.#odds('lost frame', 0.03);
    if (socket.up.length > 0)
      add(lost, () => void socket.up.splice(this.random.below(socket.up.length), 1));
    if (socket.down.length > 0)
      add(lost, () => void socket.down.splice(this.random.below(socket.down.length), 1));
  }

  /** The gateway keeps the socket for the next session, and may give it again what the dead one had. */
  #sessionDies(socket: Socket, session: Session): void {
    this.#count('session died', socket.device);
    session.alive = false;
    if (socket.had.length > 0 && this.random.chance(0.4))
      socket.up.unshift(...socket.had.slice(-1 - this.random.below(socket.had.length)));
    const connection = this.#connections.find(other => other.session === session)!;
    connection.session = new Session(this, socket);
  }

  #writerActions(writer: Writer, add: Add): void {
    if (writer.hasRequests) add(4, () => writer.takeOne(this.random));
    if (writer.hasBatch)
      add(2, () => {
        const full =
          this.#full[writer.index]! || this.random.chance(this.#odds('commit fails', 0.05));
        const fenced = writer.zombie && this.rules.fence;
        writer.commit(fenced || (this.#faults && full));
        if (writer.zombie && !fenced) this.#writers[writer.index]!.durable = writer.durable;
      });
    if (!this.#faults || writer.zombie) return;
    add(this.#odds('writer dies', 0.05), () => {
      this.#count('writer died', writer.index);
      this.#replace(writer);
    });
    add(this.#odds('shard moves', 0.02), () => {
      this.#count('shard moved', writer.index);
      writer.zombie = true;
      this.#zombies = [...this.#zombies.slice(-1), writer];
      this.#replace(writer);
    });
  }

  #replace(writer: Writer): void {
    const { index } = writer;
    this.#writers[index] = writer.zombie
      ? new Writer(this.rules, index, writer.durable)
      : writer.die(this.random);
    for (const { session } of this.#connections)
      if (session.alive) session.answers.push({ kind: 'down', shard: index });
    for (const forwarder of this.#forwarders) this.#beginAgain(forwarder);
  }

  #beginAgain(forwarder: Forwarder): void {
    const link = this.#writers[forwarder.source]!.durable.links.get(forwarder.target);
    forwarder.cursor = link?.acked ?? 0;
  }

  #linkActions(forwarder: Forwarder, add: Add): void {
    const { source, target, answers } = forwarder;
    if (answers.length > 0)
      add(3, () => {
        const answer = answers.shift()!;
        if (answer.kind === 'linked')
          this.#writers[source]!.ask({ kind: 'trim', target, upTo: answer.upTo, from: forwarder });
        else this.#beginAgain(forwarder);
      });
    const link = this.#writers[source]!.durable.links.get(target);
    if (link === undefined) return;
    const waiting = link.rows.filter(({ m }) => m > forwarder.cursor);
    if (waiting.length > 0)
      add(2, () => {
        const rows = waiting.slice(0, 1 + this.random.below(3));
        const after = rows[0]!.m - 1;
        this.#writers[target]!.ask({ kind: 'link', source, after, rows, from: forwarder });
        forwarder.cursor = rows.at(-1)!.m;
      });
    else if (!this.#faults && link.rows.length > 0 && answers.length === 0)
      add(0.2, () => this.#beginAgain(forwarder));
    add(this.#odds('link begins again', 0.02), () => this.#beginAgain(forwarder));
  }

  #worldActions(add: Add): void {
    for (const [index, full] of this.#full.entries())
      add(full ? 0.3 : this.#odds('commit fails', 0.02), () => void (this.#full[index] = !full));
    add(this.#odds('group changes', 0.08), () => this.#changeGroup());
    add(this.#odds('block changes', 0.08), () => this.#changeBlock());
    add(this.#odds('device comes', 0.04), () => {
      const user = this.random.pick(users);
      if (this.#account(user).devices.length < 3) this.#addDevice(user);
    });
    add(this.#odds('device goes', 0.02), () => {
      const { devices } = this.#account(this.random.pick(users));
      if (devices.length < 2) return;
      const device = this.#devices.get(this.random.pick(devices))!;
      this.#leave(device);
      this.#removeDevice(device);
      if (this.oracle.restored) this.#forgive(device.id);
      else this.#forgiveUndecided(device);
    });
    add(this.#odds('messages expire', 0.06), () => this.#expire());
    const restore = this.#odds('server is restored', 0.03);
    if (this.#serverBackup === null)
      add(
        restore,
        () => void (this.#serverBackup = this.#writers.map(({ durable }) => durable.clone())),
      );
    else if (!this.oracle.restored) add(restore, () => this.#restoreServer(this.#serverBackup!));
  }

  /** What a removed device had not heard about will never be known to it. */
  #forgiveUndecided(device: Device): void {
    for (const fate of this.oracle.fates)
      if (fate.from === device.id && !fate.accepted) fate.exempt = true;
  }

  #changeGroup(): void {
    const user = this.random.pick(users);
    const { members } = this.#group;
    if (!members.includes(user)) members.push(user);
    else if (members.length > 1) members.splice(members.indexOf(user), 1);
    this.#group.version += 1;
  }

  #changeBlock(): void {
    const user = this.random.pick(users);
    const other = this.random.pick(users.filter(candidate => candidate !== user));
    if (!this.#blocked.delete(user + other)) this.#blocked.add(user + other);
  }

  #expire(): void {
    const id = this.random.pick([...this.#devices.keys()]);
    this.#writers[this.shardOf(id)]!.force(shard => {
      const { rows } = shard.box(id);
      if (rows.length === 0) return;
      this.#count('expired', id);
      for (const row of shard.expire(id, this.random.pick(rows).n, false))
        this.oracle.fate(row.body[0]! * 256 + row.body[1]!).expired.add(id);
    });
  }

  #restoreServer(copy: readonly Shard[]): void {
    this.#count('server restored');
    this.oracle.restored = true;
    for (const { socket } of this.#connections) {
      this.#serverCloses(socket);
      socket.clientOpen = false;
    }
    for (const device of this.#devices.values()) device.disconnect();
    this.#zombies = [];
    for (const [index, shard] of copy.entries()) {
      const durable = shard.clone();
      durable.era = this.#step + 1;
      this.#writers[index] = new Writer(this.rules, index, durable);
    }
    for (const forwarder of this.#forwarders) {
      forwarder.answers.length = 0;
      this.#beginAgain(forwarder);
    }
    for (const id of this.#removed) this.#closeBox(id);
    for (const device of this.#devices.values()) if (device.rolledBack) this.#forgive(device.id);
    for (const fate of this.oracle.fates) fate.shaken ||= fate.everTargets.size > 0;
    // Its sender is gone: nobody offers again what the server has lost.
    for (const fate of this.oracle.fates) if (this.#removed.has(fate.from)) fate.exempt = true;
  }

  // ---- the end

  #busy(): string | null {
    for (const device of this.#devices.values()) {
      if (device.retired) continue;
      if (!device.up || device.socket === null || !device.idle) return `device ${device.id}`;
      const { rows } = this.#writers[this.shardOf(device.id)]!.durable.box(device.id);
      if (rows.length > 0) return `mailbox of ${device.id}`;
    }
    for (const { socket, session } of this.#connections)
      if (
        socket.serverOpen &&
        (socket.up.length > 0 || socket.down.length > 0 || session.answers.length > 0)
      )
        return `connection of ${socket.device}`;
    for (const writer of this.#writers) {
      if (writer.hasRequests || writer.hasBatch) return `writer ${writer.index}`;
      for (const link of writer.durable.links.values())
        if (link.rows.length > 0) return `link of ${writer.index}`;
    }
    return null;
  }

  #finish(): void {
    this.oracle.finish(id => this.#removed.has(id) || this.#devices.get(id)?.rolledBack === true);
    if (!this.oracle.restored) this.#receiptsArrived();
  }

  /** Whoever is still there was told what became of its messages. */
  #receiptsArrived(): void {
    for (const device of this.#devices.values()) {
      if (device.retired || device.rolledBack) continue;
      const { sent, inbox } = device.memory;
      for (const { seq, item } of sent.values()) {
        if (item.kind !== 'send') continue;
        const fate = this.oracle.fate(item.body[0]! * 256 + item.body[1]!);
        for (const peer of fate.targets) {
          const other = this.#devices.get(peer)!;
          if (other.retired || other.rolledBack) continue;
          const known = inbox.peers.get(peer);
          const what = `${this.oracle.name(fate)} at ${peer}`;
          const conversation = item.to.kind === 'group' ? item.to.group : null;
          if (device.wasToldUndelivered(peer, seq)) continue;
          if (fate.seen.has(peer) && (known?.delivered ?? 0) < seq)
            this.oracle.bad('RECEIPT_STUCK', `${what}: delivered, the sender was not told`);
          if (fate.read.has(peer) && (known?.read.get(conversation) ?? 0) < seq)
            this.oracle.bad('RECEIPT_STUCK', `${what}: read, the sender was not told`);
        }
      }
    }
  }
}
