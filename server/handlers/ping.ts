import type { Ping } from '../../protocol/packets.ts';
import { say } from '../sessions/outgoing.ts';
import type { SessionState } from '../sessions/state.ts';

/** A heartbeat of clients that cannot send WebSocket pings, such as browsers. */
export function ping(state: SessionState, { token }: Ping): void {
  say(state, { kind: 'pong', token });
}
