/**
 * What a new version is tried with before anybody gets it: packets for a session that nobody hears, in which the
 * built-in handlers have nothing to do, and arguments that a process can begin with.
 */
import { Registry } from 'prom-client';
import type { Pid } from '../../actors/index.ts';
import { deviceId, type UserId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { ClientPacket } from '../../protocol/packets.ts';
import type { Opening } from '../gateway/port.ts';
import type { PacketHandlers } from '../handlers/contract.ts';
import { createServerMetrics } from '../metrics/server-metrics.ts';
import { newSession, type SessionServices, type SessionState } from '../sessions/state.ts';
import { Tickets } from '../sessions/tickets.ts';

/** No user can have this name, so no shard, table or name of the server knows it. */
const NOBODY = '~smoke' as UserId;
const DEVICE = deviceId(NOBODY, 1);
const MINUTE_MS = 60_000;
const NONE = new Uint8Array(0);

const services: SessionServices = {
  shards: 1,
  tickets: new Tickets(new Uint8Array(32), MINUTE_MS),
  limits: {
    ...limits,
    connections: 1,
    connectionsPerAddress: 1,
    registrationsPerAddressPerHour: 1,
    loginsPerAddressPerMinute: 1,
    loginsPerAccountPerMinute: 1,
  },
  metrics: createServerMetrics(new Registry()),
  mayLogIn: () => false,
  retryAfterMs: () => 0,
  mailboxOf: () => new Promise<Pid>(() => undefined),
};

const opening = (gateway: Pid): Opening => ({
  gateway,
  connection: 0,
  device: DEVICE,
  address: '127.0.0.1',
  mayLogIn: false,
  remembered: undefined,
  first: true,
});

/** A session that says nothing any more. */
export function smokeState(): SessionState {
  const state = newSession(services, opening(0 as Pid), { user: NOBODY, shard: 0 });
  state.phase = 'ending';
  state.challengedAgain = true;
  state.openRequests = services.limits.openRequests;
  return state;
}

/** One packet of each kind that the handler takes. */
export function smokePackets(handler: keyof PacketHandlers): readonly ClientPacket[] {
  switch (handler) {
    case 'login': {
      const proof = { kind: 'ticket', ticket: NONE } as const;
      return [{ kind: 'login', version: 1, roles: 1, proof, agent: 'smoke' }];
    }
    case 'send': {
      const offer = { seq: 1, prev: 0, rev: 0 };
      const to = { kind: 'direct', users: [[NOBODY, 1]], own: 1 } as const;
      return [
        { kind: 'send', ...offer, to, body: NONE },
        { kind: 'read', ...offer, sender: DEVICE, conversation: null, upTo: 1 },
      ];
    }
    case 'ack':
      return [{ kind: 'ack', upTo: 0, again: false }];
    case 'request':
      return [{ kind: 'request', id: 1, method: 'devices', argument: { users: [] } }];
    case 'ping':
      return [{ kind: 'ping', token: 1 }];
  }
}

/**
 * What a process of the module is started with to see whether it begins; undefined of modules that ask a store or
 * change what others read when they begin.
 * @param gateway who hears what a session says
 */
export function smokeArgument(module: string, gateway: Pid): unknown {
  switch (module) {
    case 'session':
      return { opening: opening(gateway), services, begun: false };
    case 'mailbox':
      return { user: NOBODY, shard: 0, passivateMs: MINUTE_MS, window: limits };
    default:
      return undefined;
  }
}
