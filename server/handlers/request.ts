import type { RequestPacket } from '../../protocol/packets.ts';
import { sayError } from '../sessions/outgoing.ts';
import { perform } from '../sessions/requests.ts';
import type { SessionState } from '../sessions/state.ts';

/** Something asked by the client; its id comes back in the reply or the error. */
export function request(state: SessionState, packet: RequestPacket): void {
  const limit = state.services.limits.openRequests;
  if (state.openRequests >= limit) {
    sayError(state, 'too_many_requests', { about: packet.id, limit });
    return;
  }
  state.openRequests++;
  perform(state, packet);
}
