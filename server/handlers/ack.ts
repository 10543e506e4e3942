import { roles, type Ack } from '../../protocol/packets.ts';
import { sayError } from '../sessions/outgoing.ts';
import { taken } from '../sessions/receiving.ts';
import type { SessionState } from '../sessions/state.ts';

/** The device has stored rows. */
export function ack(state: SessionState, packet: Ack): void {
  // Every client answers `state` with an ack; to a connection that only sends it means nothing.
  if ((state.roles & roles.receive) !== 0) taken(state, packet);
  else if (packet.again) sayError(state, 'missing_role', { field: 'roles' });
}
