/** Frames that sessions say, on their way to sockets: all that was in the mailbox together goes out together. */
import { self, send } from '../../actors/index.ts';
import { withItem } from '../young-list.ts';
import { served } from './attachment.ts';
import type { ToGateway } from './port.ts';
import { FLUSH } from './state.ts';
import type { GatewayState } from './state.ts';

/** A frame for a socket waits for the others of this turn. */
export function queueFrame(state: GatewayState, said: Extract<ToGateway, { kind: 'send' }>): void {
  const connection = served(state, said.connection, said.session);
  connection?.took(said.taken);
  if (connection?.queue(said.frame) !== true) return;
  state.toFlush = withItem(state.toFlush, connection);
  if (state.toFlush.length === 1) send(self(), FLUSH);
}

/** What waits goes out, together for each socket. */
export function flush(state: GatewayState): void {
  const connections = state.toFlush;
  state.toFlush = [];
  for (const connection of connections) connection.flush();
}
