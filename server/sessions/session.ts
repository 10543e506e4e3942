/**
 * A session: one process per connection. It proves who is there, takes packets apart and hands each to its handler,
 * and keeps nothing that the stores, the gateway and the client do not have too: when it dies the next one says
 * `state` and goes on.
 */
import { randomBytes } from 'node:crypto';
import {
  self,
  sendAfter,
  type CastResult,
  type DownMessage,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import { decodeClientFrame, FrameError, type BadPacket } from '../../protocol/codec/frame.ts';
import { isCloseCode } from '../../protocol/errors.ts';
import { userOf } from '../../protocol/ids.ts';
import type { ClientPacket } from '../../protocol/packets.ts';
import { shardOf } from '../../protocol/shard.ts';
import type { Removed, Replaced } from '../directory/directory.ts';
import type { Attached, Opening, ToSession } from '../gateway/port.ts';
import { handle } from '../handlers/contract.ts';
import type { ShardReleased } from '../isolates/protocol.ts';
import type { Push, RowsWait } from '../mailboxes/protocol.ts';
import type { PortMessage } from '../stores/port.ts';
import { enter } from './enter.ts';
import { advance, loaded, resumeSends, type LOADED, type RESUME } from './offers.ts';
import { closeWith, flush, say, sayError, takeCredit, toGateway, type FLUSH } from './outgoing.ts';
import type { FIND_MAILBOX } from './receiving.ts';
import {
  attach,
  deliver,
  detached,
  findMailbox,
  pause,
  rowsWait,
  storeDied,
  type MailboxFound,
} from './receiving.ts';
import { answered, type Answered } from './requests.ts';
import { newSession, type Remembered, type SessionServices, type SessionState } from './state.ts';

export interface SessionArgument {
  readonly opening: Opening;
  readonly services: SessionServices;
  /** Set by the first one that begins: the next asks the gateway what that one has left. */
  begun: boolean;
}

const LOGIN_TIMEOUT = { kind: 'login_timeout' } as const;

type Info =
  | ToSession
  | Attached
  | Push
  | RowsWait
  | MailboxFound
  | Answered
  | Replaced
  | Removed
  | PortMessage
  | DownMessage
  | typeof FLUSH
  | typeof RESUME
  | typeof LOADED
  | ShardReleased
  | typeof FIND_MAILBOX
  | typeof LOGIN_TIMEOUT;

export const session: GenServer<SessionArgument, SessionState, never, never, Info> = {
  init(argument): InitResult<SessionState> {
    const { opening, services, begun } = argument;
    argument.begun = true;
    const user = userOf(opening.device);
    const shard = shardOf(user, services.shards);
    const state = newSession(services, opening, { user, shard });
    const remembered = opening.first && !begun ? challenge(state, randomBytes(32)) : undefined;
    toGateway(state, {
      kind: 'attach',
      connection: opening.connection,
      session: self(),
      remembered,
    });
    state.loginTimer = sendAfter(services.limits.loginTimeoutMs, self(), LOGIN_TIMEOUT);
    return ['ok', state];
  },

  handleInfo(message, state): CastResult<SessionState> {
    switch (message.kind) {
      case 'frame':
        takeFrame(state, message.data);
        break;
      case 'push':
        deliver(state, message);
        break;
      case 'flush':
        flush(state);
        break;
      case 'attached':
        attached(state, message.remembered as Remembered | undefined);
        break;
      case 'congested':
      case 'drained':
        pause(state, message.kind === 'congested');
        break;
      case 'closed':
        return ['stop', 'normal', state];
      case 'drain':
        state.draining = message.retryAfterMs;
        break;
      case 'mailbox_found':
        attach(state, message);
        break;
      case 'rows_wait':
        rowsWait(state);
        break;
      case 'find_mailbox':
        findMailbox(state);
        break;
      case 'resume_sends':
        resumeSends(state);
        break;
      case 'loaded':
        loaded(state);
        break;
      case 'shard_released':
        // The gateway opens a session where the shard is now.
        if (message.shard === state.home.shard) return ['stop', 'shutdown', state];
        break;
      case 'request_answered':
        answered(state, message);
        break;
      case 'replaced':
        closeWith(state, 'replaced');
        break;
      case 'device_removed':
        closeWith(state, 'device_removed');
        break;
      case 'login_timeout':
        if (state.phase === 'challenged') closeWith(state, 'login_timeout');
        break;
      case 'EXIT':
      case 'timeout':
        break;
      default:
        takeForPort(state, message);
    }
    if (state.draining !== null && isIdle(state)) closeWith(state, 'going_away');
    return ['noreply', state];
  },
};

/**
 * A socket whose session died goes on as what it was logged in as. The login itself may have died with that session:
 * so one that was not logged in yet is challenged again, with the same nonce.
 */
function attached(state: SessionState, remembered: Remembered | undefined): void {
  if (remembered !== undefined && remembered.roles !== 0) {
    enter(state, remembered.roles);
    return;
  }
  toGateway(state, {
    kind: 'remember',
    connection: state.opening.connection,
    session: self(),
    state: challenge(state, remembered?.nonce ?? randomBytes(32)),
  });
  state.challengedAgain = remembered !== undefined;
}

/** @returns what the gateway is to remember of it */
function challenge(state: SessionState, nonce: Uint8Array): Remembered {
  state.phase = 'challenged';
  state.nonce = nonce;
  say(state, { kind: 'challenge', nonce, time: Date.now() });
  return { nonce, roles: 0 };
}

function takeFrame(state: SessionState, data: Uint8Array): void {
  takeCredit(state, data);
  let packets: (ClientPacket | BadPacket)[];
  try {
    packets = decodeClientFrame(data, state.services.limits);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    closeWith(state, error.code, error.message);
    return;
  }
  for (const packet of packets) {
    if (state.phase === 'ending') break;
    takePacket(state, packet);
  }
  // All sends of the frame are one batch; one by one the first would go alone, and the others wait for its answer.
  advance(state);
}

function takePacket(state: SessionState, packet: ClientPacket | BadPacket): void {
  if (packet.kind === 'bad') {
    const { kind: _, code, message, ...details } = packet;
    if (isCloseCode(code)) closeWith(state, code, message);
    else sayError(state, code, { message, ...details });
    countError(state);
  } else if (packet.kind === 'login') {
    handle('login', state, packet);
  } else if (state.phase !== 'active') {
    sayError(state, 'not_logged_in');
    countError(state);
  } else {
    switch (packet.kind) {
      case 'send':
      case 'read':
        handle('send', state, packet);
        return;
      case 'ack':
        handle('ack', state, packet);
        return;
      case 'request':
        handle('request', state, packet);
        return;
      case 'ping':
        handle('ping', state, packet);
        return;
      default:
        packet satisfies never;
    }
  }
}

function countError(state: SessionState): void {
  const minute = Math.floor(Date.now() / 60_000);
  if (state.errors.minute !== minute) state.errors = { minute, count: 0 };
  state.errors.count++;
  if (state.errors.count > state.services.limits.errorsPerMinute)
    closeWith(state, 'too_many_errors');
}

function takeForPort(state: SessionState, message: PortMessage | DownMessage): void {
  if (message.kind === 'DOWN' && message.ref === state.receiving.watch) {
    detached(state, message);
    return;
  }
  if (state.home.handle(message, state)) {
    if (message.kind === 'DOWN') storeDied(state);
    return;
  }
  for (const port of state.others?.values() ?? []) if (port.handle(message, state)) return;
}

const isIdle = ({ sending, openRequests }: SessionState): boolean =>
  sending.queue.length + sending.underWay === 0 && openRequests === 0;
