/**
 * Which session serves which connection. A session that dies leaves its socket open: the next incarnation attaches
 * within a second, or the gateway opens a new one, as often as the connection's budget allows.
 */
import {
  cancelTimer,
  describeReason,
  monitor,
  reasonOf,
  self,
  send,
  sendAfter,
} from '../../actors/index.ts';
import type { DownMessage, ExitReason, Pid } from '../../actors/index.ts';
import { errors } from '../../protocol/errors.ts';
import { ABNORMAL_CLOSURE } from './close-reason.ts';
import type { Connection } from './connection.ts';
import { retryAfterMs } from './drain.ts';
import { ATTACH_WITHIN_MS, REOPEN_AFTER_MS } from './options.ts';
import type { GatewayOptions } from './options.ts';
import type { ConnectionId, Opening, ToGateway, ToSession } from './port.ts';
import type { GatewayInfo, GatewayState } from './state.ts';

/** Asks for a session; when none attaches in time, {@link attachTimeout} asks again. */
export function openSession(
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
export function served(
  state: GatewayState,
  id: ConnectionId,
  session: Pid,
): Connection | undefined {
  const connection = state.connections.get(id);
  return connection?.session === session ? connection : undefined;
}

/** A session takes its connection, or hears that there is none for it. */
export function attach(
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

/** A session that was attached is dead. */
export function sessionDown(state: GatewayState, { ref, pid, reason }: DownMessage): void {
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
export function attachTimeout(state: GatewayState, id: ConnectionId): void {
  const connection = state.connections.get(id);
  if (connection === undefined || connection.session !== undefined) return;
  // One death costs one restart, whoever makes the next session.
  const isPaidFor = connection.mayOpen;
  connection.mayOpen = false;
  if (isPaidFor || mayGoOn(state, connection)) openSession(state.options, self(), connection);
}

/** Somebody who may open sessions is there again: every connection without one asks. */
export function openMissingSessions(state: GatewayState): void {
  for (const connection of state.connections.all())
    if (connection.session === undefined) openSession(state.options, self(), connection);
}

/** Who brings its isolate down again and again is closed: the others of the isolate are to have peace. */
export function blame(state: GatewayState, process: Pid): void {
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
