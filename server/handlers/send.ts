import { roles, type Read, type Send } from '../../protocol/packets.ts';
import { offer } from '../sessions/offers.ts';
import { sayError } from '../sessions/outgoing.ts';
import type { SessionState } from '../sessions/state.ts';

/** A message or a read mark to be decided by the device's home shard. */
export function send(state: SessionState, packet: Send | Read): void {
  if ((state.roles & roles.send) === 0) sayError(state, 'missing_role', { field: 'roles' });
  else offer(state, packet);
}
