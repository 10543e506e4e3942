/** The orderly end: no new sockets, and the open ones are given time. */
import { reply, self, send, sendAfter } from '../../actors/index.ts';
import type { From } from '../../actors/index.ts';
import { errors } from '../../protocol/errors.ts';
import { closePort } from './open-port.ts';
import type { GatewayOptions } from './options.ts';
import type { DrainResult } from './protocol.ts';
import type { GatewayInfo, GatewayState } from './state.ts';

/** Closes the port and tells each session to end; {@link endDrain} answers. */
export function startDrain(state: GatewayState, from: From<DrainResult>, withinMs: number): void {
  const { options, connections } = state;
  closePort(state);
  if (state.draining !== undefined) {
    state.draining.push(from);
    return;
  }
  state.draining = [from];
  const pid = self();
  connections.onGone = () => {
    if (connections.size === 0) send(pid, { kind: 'all_gone' } satisfies GatewayInfo);
  };
  const all = connections.all();
  for (const [index, connection] of all.entries()) {
    connection.drain(retryAfterMs(options, index, all.length));
  }
  if (connections.size === 0) endDrain(state);
  else sendAfter(withinMs, pid, { kind: 'drain_timeout' } satisfies GatewayInfo);
}

/** Spread evenly over the jitter, each a little off its place: nobody comes back at the same moment. */
export const retryAfterMs = ({ retry }: GatewayOptions, index: number, of: number): number =>
  Math.round(retry.afterMs + (retry.jitterMs * (index + Math.random())) / of);

/** All sockets are gone, or the time is over: those that are left are closed. */
export function endDrain(state: GatewayState): void {
  const left = state.connections.all();
  for (const connection of left) connection.close('going_away', errors.going_away.text);
  for (const from of state.draining ?? []) reply(from, { cut: left.length });
  state.draining = [];
}
