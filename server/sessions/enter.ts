import { cancelTimer, self } from '../../actors/index.ts';
import { roles as roleBits } from '../../protocol/packets.ts';
import { claim } from '../directory/directory.ts';
import { resumeSends } from './offers.ts';
import { begin } from './receiving.ts';
import { NO_NONCE, type SessionState } from './state.ts';

/** The connection speaks for its device from now on: after a login, or when a session follows one that died. */
export function enter(state: SessionState, roles: number): void {
  state.phase = 'active';
  state.roles = roles;
  state.nonce = NO_NONCE;
  if (state.loginTimer !== undefined) cancelTimer(state.loginTimer);
  state.loginTimer = undefined;
  claim({
    device: state.device,
    roles,
    connection: state.opening.connection,
    session: self(),
  });
  if ((roles & roleBits.receive) !== 0) begin(state);
  else resumeSends(state);
}
