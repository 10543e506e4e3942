/** New certificates without a restart: new connections get them, the open ones keep theirs. */
import { self, sendAfter } from '../../actors/index.ts';
import { openedPort } from './open-port.ts';
import type { RenewResult } from './protocol.ts';
import { LOOK_AT_TLS } from './state.ts';
import type { GatewayState } from './state.ts';
import { TLS_LOOK_MS, tlsError, tlsState } from './tls-files.ts';

/** Takes the TLS files when they are others than those that were tried last, and looks again later. */
export function lookAtTls(state: GatewayState): void {
  const { tls, onError } = state.options;
  if (!state.app.listens) return;
  sendAfter(TLS_LOOK_MS, self(), LOOK_AT_TLS);
  if (tls === undefined || tlsState(tls) === state.tlsState) return;
  const [result, why] = renewTls(state);
  if (result === 'error') onError(new Error(`${why} The certificate before it stays.`), 'tls');
}

/** Takes the TLS files as they are now. */
export function renewTls(state: GatewayState): RenewResult {
  const { options, app } = state;
  const listening = openedPort(options);
  if (options.tls === undefined) return ['error', 'This server runs without TLS.'];
  if (listening === undefined || !app.listens) return ['error', 'The port is not open.'];
  // What is tried now is tried once, whether it is good or not.
  state.tlsState = tlsState(options.tls);
  const bad = tlsError(options.tls);
  if (bad !== undefined) return ['error', bad];
  const { host, port } = listening;
  const refused = app.renewTls(host, port);
  if (refused !== undefined) return ['error', refused];
  options.onNotice('new connections get the new certificate');
  return ['ok'];
}
