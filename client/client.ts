/**
 * A device of a user: connects, comes back when the connection breaks, sends what is in the outbox until the server
 * has it, and gives the application each message once.
 *
 * Exactly once: an incoming event is stored before it is acknowledged to the server, and stays until the application
 * has confirmed it (see events.ts). Only an application that crashes between seeing and confirming an event is
 * offered it again, with the same id.
 */
import type { DeviceId } from '../protocol/ids.ts';
import type { Identity } from '../protocol/device/identity.ts';
import type {
  InboxStore,
  LoadedInbox,
  LoadedOutbox,
  OutboxStore,
  WaitingRow,
} from '../protocol/device/store.ts';
import { limits } from '../protocol/limits.ts';
import { roles, type Welcome } from '../protocol/packets.ts';
import type { Argument, Method, Reply } from '../protocol/requests.ts';
import { approvalBytes } from '../protocol/signing.ts';
import { defaultBackoff } from './backoff.ts';
import { encodeBody, eventOf, type Body } from './body.ts';
import { systemClock, type Clock } from './clock.ts';
import {
  Connection,
  type ConnectionHandlers,
  type SessionPacket,
  type Ticket,
} from './connection.ts';
import { ClientError } from './errors.ts';
import { EventQueue } from './event-queue.ts';
import type { ClientEvent, MessageEvent, StatusEvent } from './events.ts';
import { readLinkCode } from './link-code.ts';
import { OpenRequests } from './open-requests.ts';
import { defaultLimits, type ClientLimits, type ClientOptions } from './options.ts';
import type { PendingSend } from './pending-send.ts';
import { Receiver } from './receiver.ts';
import { addressingOf, shownTo, type Recipients } from './recipients.ts';
import { Reconnection } from './reconnection.ts';
import { Sender } from './sender.ts';

/** Opens the device's store, claiming the roles. Nothing is sent before {@link Client.connect}. */
export async function openClient(options: ClientOptions): Promise<Client> {
  const { store, roles: wanted = { send: true, receive: true } } = options;
  if (!wanted.send && !wanted.receive)
    throw new TypeError('expected a role for the client (send, receive or both), got none');
  const identity = await store.identity();
  const outbox = wanted.send ? await store.openOutbox() : null;
  try {
    const inbox = wanted.receive ? await store.openInbox() : null;
    return new Client(
      options,
      identity,
      outbox && { store: outbox, ...(await outbox.load()) },
      inbox && { store: inbox, ...(await inbox.load()) },
    );
  } catch (error) {
    await outbox?.close();
    throw error;
  }
}

type Outbox = LoadedOutbox & { readonly store: OutboxStore };
type Inbox = LoadedInbox & { readonly store: InboxStore };

export class Client {
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #limits: ClientLimits;
  readonly #sender: Sender | null;
  readonly #receiver: Receiver | null;
  readonly #requests: OpenRequests;
  readonly #reconnection: Reconnection;
  readonly #events = new EventQueue();
  #identity: Identity;
  /** Of the look at whether the server answers; runs while there is a connection. */
  #watchTimer: unknown;
  #bodyBytes: number = limits.bodyBytes;
  #ending: Promise<void> | null = null;

  /** See {@link openClient}. */
  constructor(
    options: ClientOptions,
    identity: Identity,
    outbox: Outbox | null,
    inbox: Inbox | null,
  ) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#identity = identity;
    this.#requests = new OpenRequests(this.#clock);
    const onRetired = (): void => this.#retire();
    const onStoreFailure = (cause: unknown): void =>
      void this.#endWith(new ClientError('store_failed', undefined, { cause }));
    this.#sender =
      outbox &&
      new Sender({
        ...outbox,
        user: identity.user,
        entries: this.#limits.outboxEntries,
        onUnresolved: (seq, id, why) => this.#tell({ kind: 'unresolved', seq, id, why }),
        onRetired,
        onStoreFailure,
      });
    this.#receiver =
      inbox &&
      new Receiver({
        ...inbox,
        rows: this.#limits.inboxRows,
        onRow: waiting => this.#show(waiting),
        onRetired,
        onStoreFailure,
      });
    this.#reconnection = new Reconnection({
      clock: this.#clock,
      backoff: { ...defaultBackoff, ...options.backoff },
      open: (ticket, handlers) => this.#open(ticket, handlers),
      onConnected: (connection, welcome) => this.#enter(connection, welcome),
      onPackets: packets => this.#dispatch(packets),
      onLost: () => this.#leave(),
      onWaiting: ({ code, message }, retryInMs) =>
        this.#tell({ kind: 'disconnected', code, message, retryInMs }),
      onRefused: ({ code, message }, error) => {
        this.#tell({ kind: 'disconnected', code, message, retryInMs: null });
        void this.#endWith(error);
      },
    });
  }

  get identity(): Identity {
    return this.#identity;
  }

  get connected(): boolean {
    return this.#reconnection.connected;
  }

  /**
   * Connects and logs in; from then on the client comes back by itself whenever the connection breaks.
   * @param keepTrying also until the first login succeeds; otherwise a failing first attempt rejects and may be repeated
   * @throws (rejects) ClientError with the code of what stands against it
   */
  connect({ keepTrying = false } = {}): Promise<void> {
    return this.#reconnection.start(keepTrying);
  }

  /**
   * Stores what is due, closes the connection and gives the roles back. `events()` ends; what was not confirmed by
   * then comes again with the next client on this store.
   */
  close(): Promise<void> {
    return this.#endWith(new ClientError('closed'));
  }

  /**
   * Puts a message into the outbox. It is sent at once when there is a connection, else with the next one.
   * @throws ClientError `outbox_full`, `field_too_large`, `missing_role`, `closed`
   */
  send(message: Recipients & Body): PendingSend {
    const sender = this.#sending();
    const to = addressingOf(message, this.#identity.user, of => sender.version(of));
    const now = this.#clock.now();
    const { id, body } = encodeBody(this.#options.crypto, now, shownTo(message), message);
    if (body.length > this.#bodyBytes)
      throw new ClientError('field_too_large', undefined, {
        field: 'body',
        limit: this.#bodyBytes,
      });
    return sender.submit({ kind: 'send', id, to, body });
  }

  /** Tells the sender of a message that it was read, and with it all that its device sent before in that conversation. */
  markRead(message: Pick<MessageEvent, 'device' | 'conversation' | 'seq'>): void {
    const { device: sender, conversation, seq: upTo } = message;
    this.#sending().submitRead({ kind: 'read', sender, conversation, upTo });
  }

  /** Messages in the outbox, also of earlier runs, the oldest first. */
  pending(): readonly PendingSend[] {
    return this.#sender?.pending() ?? [];
  }

  /** Resolves when the outbox is empty (or the client has ended). */
  async settled(): Promise<void> {
    await this.#sender?.settled();
  }

  /** What happened, for one reader. See {@link ClientEvent} for when an event counts as handled. */
  events(): AsyncIterable<ClientEvent> {
    return this.#events;
  }

  /**
   * Asks the server; asked again by itself after a reconnect.
   * @throws (rejects) ClientError with the server's code, `request_timeout` or `closed`
   */
  async request<M extends Method>(
    method: M,
    argument: Argument<M>,
    { timeoutMs = this.#limits.requestTimeoutMs } = {},
  ): Promise<Reply<M>> {
    this.#makeSureOfLife();
    const reply = await this.#requests.ask(method, argument, timeoutMs);
    this.#learn(reply);
    return reply;
  }

  /**
   * Lets a new device of the own user in.
   * @param code as the new device shows it: see link-code.ts
   * @throws (rejects) ClientError `bad_field` for what is no such code, else the server's
   */
  async approve(code: string): Promise<DeviceId> {
    const { user, key } = readLinkCode(code);
    if (user !== this.#identity.user)
      throw new ClientError(
        'bad_field',
        `This code is for ${user}, not for ${this.#identity.user}.`,
      );
    const bytes = approvalBytes(user, key);
    const signature = await this.#options.crypto.sign(this.#identity.privateKey, bytes);
    const { device } = await this.request('device_approve', { key, signature });
    return device;
  }

  #makeSureOfLife(): void {
    if (this.#reconnection.ended) throw new ClientError('closed');
  }

  #sending(): Sender {
    this.#makeSureOfLife();
    if (this.#sender === null)
      throw new ClientError('missing_role', 'This client was opened for receiving only.');
    return this.#sender;
  }

  /** @throws ClientError for a device that the server does not know, or no longer */
  #open(ticket: Ticket | null, handlers: ConnectionHandlers): Connection {
    const { server, device, privateKey, retired } = this.#identity;
    if (retired) throw new ClientError('retired');
    if (device === null) throw new ClientError('not_registered');
    const { transport, crypto, agent = 'strowger-client' } = this.#options;
    return new Connection({
      server,
      device,
      roles: (this.#sender ? roles.send : 0) | (this.#receiver ? roles.receive : 0),
      transport,
      sign: bytes => crypto.sign(privateKey, bytes),
      ticket,
      agent,
      clock: this.#clock,
      handlers,
    });
  }

  #enter(connection: Connection, welcome: Welcome): void {
    this.#bodyBytes = welcome.limits.bodyBytes;
    this.#sender?.attach(connection, welcome.limits);
    this.#receiver?.attach(connection);
    this.#requests.attach(connection, welcome.limits.openRequests);
    this.#watch(connection, -1);
    this.#tell({ kind: 'connected' });
  }

  #dispatch(packets: readonly SessionPacket[]): void {
    for (const packet of packets) {
      switch (packet.kind) {
        case 'state':
          this.#requests.onState();
          this.#receiver?.onState(packet);
          this.#sender?.onState(packet).catch((cause: unknown) => {
            void this.#endWith(new ClientError('store_failed', undefined, { cause }));
          });
          break;
        case 'accepted':
          this.#sender?.onAccepted(packet);
          break;
        case 'rejected':
          this.#sender?.onRejected(packet);
          break;
        case 'deliver':
          this.#receiver?.onDeliver(packet);
          break;
        case 'reply':
          this.#requests.onReply(packet);
          break;
        case 'error':
          if (this.#requests.onError(packet)) break;
          this.#tell({ kind: 'complaint', code: packet.code, message: packet.message });
          if (packet.code === 'storage_full' || packet.code === 'unavailable')
            this.#offerAgainAfter(packet.retryAfterMs ?? againMs);
          break;
        default:
          packet satisfies never;
      }
    }
  }

  #leave(): void {
    this.#clock.clearTimer(this.#watchTimer);
    this.#sender?.detach();
    this.#receiver?.detach();
    this.#requests.detach();
  }

  /** Gives the connection up when sends wait and no answer has come since the last look. */
  #watch(connection: Connection, seen: number): void {
    const answers = this.#sender?.answers;
    if (answers?.waiting === true && answers.count === seen) {
      connection.abandon('The server does not answer what was sent.');
      return;
    }
    const next = answers?.waiting === true ? answers.count : -1;
    this.#watchTimer = this.#clock.setTimer(
      () => this.#watch(connection, next),
      this.#limits.answerTimeoutMs,
    );
  }

  #offerAgainAfter(delayMs: number): void {
    const { connection } = this.#reconnection;
    this.#clock.setTimer(() => {
      if (this.#reconnection.connection === connection) this.#sender?.offerAgain();
    }, delayMs);
  }

  #show(waiting: WaitingRow): void {
    const { row, place } = waiting;
    if (
      row.kind === 'group' &&
      this.#sender !== null &&
      row.version > this.#sender.version(row.group)
    )
      this.#sender.learnVersion(row.group, row.version);
    const done = (): void => this.#receiver?.done(place);
    this.#events.push({ ...eventOf(row), done }, true);
  }

  #tell(event: StatusEvent): void {
    this.#events.push({ ...event, done: () => undefined }, false);
  }

  /** Versions that an answer tells are used for the sends that follow. */
  #learn(reply: Reply<Method>): void {
    if (this.#sender === null) return;
    if ('group' in reply) this.#sender.learnVersion(reply.group, reply.version);
    else if ('users' in reply)
      for (const { user, version } of reply.users) this.#sender.learnVersion(user, version);
    else if ('version' in reply) this.#sender.learnVersion(this.#identity.user, reply.version);
  }

  #retire(): void {
    if (this.#ending !== null) return;
    this.#identity = { ...this.#identity, retired: true };
    this.#tell({ kind: 'retired' });
    this.#ending = this.#end(new ClientError('retired'), this.#identity);
  }

  /** Ends for good; whoever waits for something gets `error`. */
  #endWith(error: ClientError): Promise<void> {
    this.#ending ??= this.#end(error, null);
    return this.#ending;
  }

  async #end(error: ClientError, retired: Identity | null): Promise<void> {
    this.#events.end();
    this.#clock.clearTimer(this.#watchTimer);
    this.#reconnection.end(error);
    this.#requests.end(error);
    if (retired !== null) await this.#options.store.saveIdentity(retired);
    await this.#sender?.close(error);
    await this.#receiver?.close();
  }
}

/** How long an offer waits that the server could not decide just now, unless it says so itself. */
const againMs = 2_000;
