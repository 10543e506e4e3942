/**
 * The gateway: sockets on one side, sessions on the other, bytes in between. It knows frames, not chat.
 *
 * A process owns the uWebSockets.js app. What a socket says goes to its session straight from the callback; what a
 * session says comes as a message. A session that dies leaves its socket open: the next incarnation attaches
 * within a second, or the gateway opens a new one, as often as the connection's budget allows.
 */
import {
  cancelTimer,
  describeReason,
  exit,
  isOrderly,
  monitor,
  reasonOf,
  reply,
  self,
  send,
  sendAfter,
  serverName,
  signal,
  spawnLink,
  startLink,
} from '../../actors/index.ts';
import type {
  DownMessage,
  ExitReason,
  From,
  GenServer,
  InitResult,
  Pid,
  Request,
  ServerPid,
  StartResult,
} from '../../actors/index.ts';
import { errors } from '../../protocol/errors.ts';
import { clientAddressFinder } from '../http/client-address.ts';
import type { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { listenError, probePort, urlOf } from './listen.ts';
import type { Listening, ListenError } from './listen.ts';
import { ATTACH_WITHIN_MS, REOPEN_AFTER_MS } from './options.ts';
import type { GatewayOptions } from './options.ts';
import type { ConnectionId, Opening, ToGateway, ToSession } from './port.ts';
import { TLS_LOOK_MS, tlsError, tlsState } from './tls-files.ts';
import { decideUpgrade, sayUpgradeNeeded } from './upgrade.ts';
import { WebApp } from './web-app.ts';

/** Why new TLS files are not used, as a sentence. */
export type RenewResult = readonly ['ok'] | readonly ['error', string];

export type ListenResult = readonly ['ok', Listening] | readonly ['error', ListenError];

/** How many sockets had to be closed because the time was over. */
export interface DrainResult {
  readonly cut: number;
}

export type GatewayCall =
  /** Opens the port; once it was opened, a restarted gateway opens it again by itself. */
  | Request<'listen', object, ListenResult>
  /**
   * Closes the port, tells each session to end its open work, and waits for them. Give the call
   * more time than the drain.
   */
  | Request<'drain', { readonly withinMs: number }, DrainResult>
  /** New connections get the certificate that is in the TLS files now; the open ones stay. */
  | Request<'renew_tls', object, RenewResult>
  /** How many sockets are open. */
  | Request<'connections', object, number>;

/** The registered name of the gateway. */
export const gatewayName = serverName<GatewayCall>('gateway');

type GatewayInfo =
  | ToGateway
  /** Frames are queued: what was in the mailbox before this goes out together. */
  | typeof FLUSH
  /** It is time to see whether the TLS files are others. */
  | { readonly kind: 'look_at_tls' }
  /** An isolate is there again, or a shard has another place: whoever has no session gets one. */
  | { readonly kind: 'sessions_welcome' }
  /** The session that an isolate was asked for could not be started. */
  | { readonly kind: 'session_failed'; readonly connection: ConnectionId }
  /** An isolate had to be ended while this process held its thread. */
  | { readonly kind: 'held_thread'; readonly process: Pid }
  /** No session attached in time. */
  | { readonly kind: 'attach_timeout'; readonly connection: ConnectionId }
  /** The last socket of a draining gateway is gone, or the time is over. */
  | { readonly kind: 'all_gone' }
  | { readonly kind: 'drain_timeout' };

const FLUSH = { kind: 'flush' } as const;
const LOOK_AT_TLS = { kind: 'look_at_tls' } as const satisfies GatewayInfo;

/** The socket went without a close frame (RFC 6455, section 7.1.5). */
const ABNORMAL_CLOSURE = 1006;

/**
 * Starts a gateway, registered as {@link gatewayName}. It does not listen yet: see {@link GatewayCall}.
 * Its mailbox has room for what all its sessions may say in one turn.
 */
export function startGateway(
  options: GatewayOptions,
): Promise<StartResult<ServerPid<GatewayCall, never>>> {
  return startLink(gateway, options, {
    name: gatewayName,
    label: 'gateway',
    trapExit: true,
    mailboxLimit: 100_000 + 64 * options.limits.connections,
  });
}

interface GatewayState {
  readonly options: GatewayOptions;
  readonly app: WebApp;
  readonly connections: Connections;
  /** The TLS files that were tried last; undefined without TLS. */
  tlsState: string | undefined;
  /** Tells the sessions when this process dies. */
  guard: Pid;
  /** Connections with frames to flush. */
  toFlush: Connection[];
  /** Who waits for the end of the drain; undefined when nothing is drained. */
  draining: From<DrainResult>[] | undefined;
}

/**
 * Where gateways listen, by the address that they were asked to listen on; a drain ends it. What a gateway finds here
 * when it starts was left by one that died: it takes the same port again, also where any free one was asked for.
 */
const opened = new Map<string, Listening>();

const addressOf = ({ host, port }: GatewayOptions): string => `${host}:${port}`;

export const gateway: GenServer<GatewayOptions, GatewayState, GatewayCall, never, GatewayInfo> = {
  init(options) {
    const bad = tlsError(options.tls);
    if (bad !== undefined) return ['stop', ['bad_tls', bad]];
    const state = makeState(options);
    return opened.has(addressOf(options)) ? listenAgain(state) : ['ok', state];
  },

  handleCall(request, from, state) {
    switch (request.kind) {
      case 'listen':
        return listen(state).then(result => ['reply', result, state] as const);
      case 'drain':
        startDrain(state, from as From<DrainResult>, request.withinMs);
        return ['noreply', state];
      case 'renew_tls':
        return ['reply', renewTls(state), state];
      case 'connections':
        return ['reply', state.connections.size, state];
    }
  },

  handleInfo(message, state) {
    switch (message.kind) {
      case 'send':
        queueFrame(state, message);
        break;
      case 'took':
        served(state, message.connection, message.session)?.took(message.taken);
        break;
      case 'flush':
        flush(state);
        break;
      case 'attach':
        attach(state, message);
        break;
      case 'remember': {
        const connection = served(state, message.connection, message.session);
        if (connection !== undefined) connection.remembered = message.state;
        break;
      }
      case 'close':
        served(state, message.connection, message.session)?.close(message.code, message.message);
        break;
      case 'DOWN':
        sessionDown(state, message);
        break;
      case 'look_at_tls':
        lookAtTls(state);
        break;
      case 'attach_timeout':
        attachTimeout(state, message.connection);
        break;
      case 'sessions_welcome':
        openMissingSessions(state);
        break;
      case 'session_failed': {
        const connection = state.connections.get(message.connection);
        if (connection?.session === undefined && connection !== undefined)
          connection.mayOpen = false;
        break;
      }
      case 'held_thread':
        blame(state, message.process);
        break;
      case 'all_gone':
      case 'drain_timeout':
        endDrain(state);
        break;
      case 'EXIT':
        if (message.pid === state.guard) state.guard = startGuard(state.app, state.connections);
        break;
      case 'timeout':
        break;
      default:
        message satisfies never;
    }
    return ['noreply', state];
  },

  terminate(reason, state) {
    const code = isOrderly(reason) ? 'going_away' : 'internal';
    for (const connection of state.connections.all()) connection.close(code, errors[code].text);
  },
};

function makeState(options: GatewayOptions): GatewayState {
  const pid = self();
  const connections = new Connections(options);
  const app = new WebApp(options, {
    http: sayUpgradeNeeded(options.http),
    clientAddress: clientAddressFinder(options.trustedProxies),
    decide: request => {
      const decision = decideUpgrade(request, {
        draining: state.draining !== undefined,
        refusal: address => connections.refusal(address),
        retryAfterMs: () => retryAfterMs(options, 0, 1),
      });
      if (decision.kind === 'refuse') options.metrics.refused.inc({ error: decision.error });
      return decision;
    },
    opened: (peer, socket) => {
      const connection = connections.add(peer, socket);
      openSession(options, pid, connection, true);
      return connection;
    },
  });
  const guard = startGuard(app, connections);
  // Whatever ends this process, nothing of it stays behind: its port is free before anybody hears of its death.
  signal().addEventListener('abort', () => app.abandon());
  const state: GatewayState = {
    options,
    app,
    connections,
    tlsState: options.tls === undefined ? undefined : tlsState(options.tls),
    guard,
    toFlush: [],
    draining: undefined,
  };
  return state;
}

/** A process of its own that outlives this one for a moment and tells its sessions that their sockets are gone. */
function startGuard(app: WebApp, connections: Connections): Pid {
  return spawnLink(
    () => {
      app.abandon();
      for (const connection of connections.all()) connection.gone(ABNORMAL_CLOSURE);
      exit('normal');
    },
    { label: 'gateway guard', trapExit: true },
  );
}

// The port.

async function listenAgain(state: GatewayState): Promise<InitResult<GatewayState>> {
  const result = await listen(state);
  return result[0] === 'ok' ? ['ok', state] : ['stop', ['listen_failed', result[1].message]];
}

async function listen({ options, app }: GatewayState): Promise<ListenResult> {
  const { host } = options;
  const before = opened.get(addressOf(options));
  if (before !== undefined && app.listens) return ['ok', before];
  const probe = await probePort(host, before?.port ?? options.port);
  if (probe[0] === 'error') return probe;
  const [, port] = probe;
  if (!app.listen(host, port)) return ['error', listenError(host, port, 'EADDRINUSE')];
  const listening = { host, port, url: urlOf(host, port, options.tls !== undefined) };
  opened.set(addressOf(options), listening);
  if (options.tls !== undefined) sendAfter(TLS_LOOK_MS, self(), LOOK_AT_TLS);
  return ['ok', listening];
}

function lookAtTls(state: GatewayState): void {
  const { tls, onError } = state.options;
  if (!state.app.listens) return;
  sendAfter(TLS_LOOK_MS, self(), LOOK_AT_TLS);
  if (tls === undefined || tlsState(tls) === state.tlsState) return;
  const [result, why] = renewTls(state);
  if (result === 'error') onError(new Error(`${why} The certificate before it stays.`), 'tls');
}

function renewTls(state: GatewayState): RenewResult {
  const { options, app } = state;
  const listening = opened.get(addressOf(options));
  if (options.tls === undefined) return ['error', 'This server runs without TLS.'];
  if (listening === undefined || !app.listens) return ['error', 'The port is not open.'];
  // What is tried now is tried once, whether it is good or not.
  state.tlsState = tlsState(options.tls);
  const bad = tlsError(options.tls);
  if (bad !== undefined) return ['error', bad];
  const { host, port } = listening;
  const refused = app.renewTls(host, port);
  if (refused !== undefined) return ['error', refused];
  options.onNotice('new connections get the new certificate');
  return ['ok'];
}

// Sessions.

/** Asks for a session; when none attaches in time, {@link attachTimeout} asks again. */
function openSession(
  options: GatewayOptions,
  gatewayPid: Pid,
  connection: Connection,
  first = false,
): void {
  const { id, device, address, mayLogIn, remembered } = connection;
  if (connection.attachTimer !== undefined) cancelTimer(connection.attachTimer);
  connection.attachTimer = sendAfter(ATTACH_WITHIN_MS, gatewayPid, {
    kind: 'attach_timeout',
    connection: id,
  } satisfies GatewayInfo);
  const failed = (reason: ExitReason): void => {
    options.onError(new Error(`no session was opened: ${describeReason(reason)}`), 'gateway');
  };
  const opening: Opening = {
    gateway: gatewayPid,
    connection: id,
    device,
    address,
    mayLogIn,
    remembered,
    first,
  };
  // The supervisor of sessions may be restarting itself, which must not end the gateway.
  (async () => options.openSession(opening))().then(
    result => {
      if (result[0] === 'error') failed(result[1]);
      else if (result[0] === 'ignore') failed('ignore');
      // What an isolate is slow to do, or too dead to do, costs the connection nothing.
      else if (result[0] !== 'ok') connection.mayOpen = true;
    },
    (thrown: unknown) => failed(reasonOf(thrown)),
  );
}

/** The connection, if this session is the one that serves it. */
function served(state: GatewayState, id: ConnectionId, session: Pid): Connection | undefined {
  const connection = state.connections.get(id);
  return connection?.session === session ? connection : undefined;
}

function attach(
  state: GatewayState,
  { connection: id, session, remembered: begun }: Extract<ToGateway, { kind: 'attach' }>,
): void {
  const connection = state.connections.get(id);
  if (connection === undefined || (begun !== undefined && hasBegun(connection))) {
    send(session, { kind: 'closed', code: ABNORMAL_CLOSURE } satisfies ToSession);
    return;
  }
  const older = connection.session;
  if (older !== session) {
    // Two may come when one was late: the newer one stays, the older one's socket is gone for it.
    if (older !== undefined) {
      send(older, { kind: 'closed', code: ABNORMAL_CLOSURE } satisfies ToSession);
    }
    state.connections.watch(monitor(session), connection);
  }
  connection.mayOpen = false;
  if (connection.attachTimer !== undefined) cancelTimer(connection.attachTimer);
  connection.attachTimer = undefined;
  connection.attach(session, begun);
  if (state.draining !== undefined) connection.drain(retryAfterMs(state.options, 0, 1));
}

/** What a session that was late has begun without asking may not be begun twice: the client answers one challenge. */
const hasBegun = ({ session, remembered }: Connection): boolean =>
  session !== undefined || remembered !== undefined;

function sessionDown(state: GatewayState, { ref, pid, reason }: DownMessage): void {
  const connection = state.connections.unwatch(ref);
  if (connection === undefined || !connection.isOpen() || connection.session !== pid) return;
  connection.session = undefined;
  if (reason === 'normal') {
    connection.end();
    return;
  }
  state.options.metrics.sessionsLost.inc();
  // A session that went with its whole isolate did nothing wrong.
  if (reason !== 'noconnection' && !mayGoOn(state, connection)) return;
  connection.mayOpen = true;
  // Who was told to go with its supervisor, or to its shard's new place, is not restarted by it.
  const waitMs = reason === 'shutdown' ? REOPEN_AFTER_MS : ATTACH_WITHIN_MS;
  connection.attachTimer = sendAfter(waitMs, self(), {
    kind: 'attach_timeout',
    connection: connection.id,
  } satisfies GatewayInfo);
}

/** The supervisor of sessions did not restart it: it was itself restarted, or has given this session up. */
function attachTimeout(state: GatewayState, id: ConnectionId): void {
  const connection = state.connections.get(id);
  if (connection === undefined || connection.session !== undefined) return;
  // One death costs one restart, whoever makes the next session.
  const isPaidFor = connection.mayOpen;
  connection.mayOpen = false;
  if (isPaidFor || mayGoOn(state, connection)) openSession(state.options, self(), connection);
}

function openMissingSessions(state: GatewayState): void {
  for (const connection of state.connections.all())
    if (connection.session === undefined) openSession(state.options, self(), connection);
}

/** Who brings its isolate down again and again is closed: the others of the isolate are to have peace. */
function blame(state: GatewayState, process: Pid): void {
  const connection = state.connections.all().find(({ session }) => session === process);
  if (connection === undefined || connection.isolateBudget.spend(performance.now())) return;
  connection.close('internal', errors.internal.text);
}

/** Whether the connection may have another session; if not it is closed. */
function mayGoOn(state: GatewayState, connection: Connection): boolean {
  if (state.draining === undefined && connection.budget.spend(performance.now())) return true;
  const code = state.draining === undefined ? 'internal' : 'going_away';
  connection.close(code, errors[code].text);
  return false;
}

// Frames.

function queueFrame(state: GatewayState, said: Extract<ToGateway, { kind: 'send' }>): void {
  const connection = served(state, said.connection, said.session);
  connection?.took(said.taken);
  if (connection?.queue(said.frame) !== true) return;
  if (state.toFlush.push(connection) === 1) send(self(), FLUSH);
}

function flush(state: GatewayState): void {
  const connections = state.toFlush;
  state.toFlush = [];
  for (const connection of connections) connection.flush();
}

// The end.

function startDrain(state: GatewayState, from: From<DrainResult>, withinMs: number): void {
  const { options, app, connections } = state;
  opened.delete(addressOf(options));
  app.stopListening();
  if (state.draining !== undefined) {
    state.draining.push(from);
    return;
  }
  state.draining = [from];
  const pid = self();
  connections.onGone = () => {
    if (connections.size === 0) send(pid, { kind: 'all_gone' } satisfies GatewayInfo);
  };
  const all = connections.all();
  for (const [index, connection] of all.entries()) {
    connection.drain(retryAfterMs(options, index, all.length));
  }
  if (connections.size === 0) endDrain(state);
  else sendAfter(withinMs, pid, { kind: 'drain_timeout' } satisfies GatewayInfo);
}

/** Spread evenly over the jitter, each a little off its place: nobody comes back at the same moment. */
const retryAfterMs = ({ retry }: GatewayOptions, index: number, of: number): number =>
  Math.round(retry.afterMs + (retry.jitterMs * (index + Math.random())) / of);

function endDrain(state: GatewayState): void {
  const left = state.connections.all();
  for (const connection of left) connection.close('going_away', errors.going_away.text);
  for (const from of state.draining ?? []) reply(from, { cut: left.length });
  state.draining = [];
}
