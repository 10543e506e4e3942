/** The port of a gateway, which the gateway after it takes again. */
import { self, sendAfter } from '../../actors/index.ts';
import { listenError, probePort, urlOf } from './listen.ts';
import type { Listening } from './listen.ts';
import type { GatewayOptions } from './options.ts';
import type { ListenResult } from './protocol.ts';
import { LOOK_AT_TLS } from './state.ts';
import type { GatewayState } from './state.ts';
import { TLS_LOOK_MS } from './tls-files.ts';

/**
 * Where gateways listen, by the address that they were asked to listen on; a drain ends it. What a gateway finds here
 * when it starts was left by one that died: it takes the same port again, also where any free one was asked for.
 */
const opened = new Map<string, Listening>();

const addressOf = ({ host, port }: GatewayOptions): string => `${host}:${port}`;

/** Where the gateway that was asked to listen on this address does or, if it died, did so. */
export const openedPort = (options: GatewayOptions): Listening | undefined =>
  opened.get(addressOf(options));

/** Opens the port. */
export async function listen({ options, app }: GatewayState): Promise<ListenResult> {
  const { host } = options;
  const before = openedPort(options);
  if (before !== undefined && app.listens) return ['ok', before];
  const probe = await probePort(host, before?.port ?? options.port);
  if (probe[0] === 'error') return probe;
  const [, port] = probe;
  if (!app.listen(host, port)) return ['error', listenError(host, port, 'EADDRINUSE')];
  const listening = { host, port, url: urlOf(host, port, options.tls !== undefined) };
  opened.set(addressOf(options), listening);
  if (options.tls !== undefined) sendAfter(TLS_LOOK_MS, self(), LOOK_AT_TLS);
  return ['ok', listening];
}

/** No new connections; the port is not taken again by a gateway after this one. */
export function closePort({ options, app }: GatewayState): void {
  opened.delete(addressOf(options));
  app.stopListening();
}
