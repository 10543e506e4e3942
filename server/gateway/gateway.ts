/**
 * The gateway: sockets on one side, sessions on the other, bytes in between. It knows frames, not chat.
 *
 * A process owns the uWebSockets.js app. What a socket says goes to its session straight from the callback; what a
 * session says comes as a message. Each of its concerns has a file: `open-port.ts`, `renew-tls.ts`, `attachment.ts`,
 * `flush.ts`, `drain.ts`.
 */
import { exit, isOrderly, self, signal, spawnLink, startLink } from '../../actors/index.ts';
import type {
  From,
  GenServer,
  InitResult,
  Pid,
  ServerPid,
  StartResult,
} from '../../actors/index.ts';
import { errors } from '../../protocol/errors.ts';
import { clientAddressFinder } from '../http/client-address.ts';
import {
  attach,
  attachTimeout,
  blame,
  openMissingSessions,
  openSession,
  served,
  sessionDown,
} from './attachment.ts';
import { ABNORMAL_CLOSURE } from './close-reason.ts';
import { Connections } from './connections.ts';
import { endDrain, retryAfterMs, startDrain } from './drain.ts';
import { flush, queueFrame } from './flush.ts';
import { listen, openedPort } from './open-port.ts';
import type { GatewayOptions } from './options.ts';
import { gatewayName } from './protocol.ts';
import type { DrainResult, GatewayCall } from './protocol.ts';
import { lookAtTls, renewTls } from './renew-tls.ts';
import type { GatewayInfo, GatewayState } from './state.ts';
import { tlsError, tlsState } from './tls-files.ts';
import { decideUpgrade, sayUpgradeNeeded } from './upgrade.ts';
import { WebApp } from './web-app.ts';

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

export const gateway: GenServer<GatewayOptions, GatewayState, GatewayCall, never, GatewayInfo> = {
  init(options) {
    const bad = tlsError(options.tls);
    if (bad !== undefined) return ['stop', ['bad_tls', bad]];
    const state = makeState(options);
    return openedPort(options) !== undefined ? listenAgain(state) : ['ok', state];
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
      case 'living':
        return ['reply', state.connections.living(), state];
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

async function listenAgain(state: GatewayState): Promise<InitResult<GatewayState>> {
  const result = await listen(state);
  return result[0] === 'ok' ? ['ok', state] : ['stop', ['listen_failed', result[1].message]];
}
