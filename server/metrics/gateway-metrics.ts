/** What the gateway counts. */
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { level, PREFIX, tally } from './tally.ts';
import type { Level, Tally } from './tally.ts';

export interface GatewayMetrics {
  /** Open sockets. */
  readonly connections: Level;
  readonly opened: Tally;
  readonly framesIn: Tally;
  readonly bytesIn: Tally;
  readonly framesOut: Tally;
  readonly bytesOut: Tally;
  /** Times a socket held more than its backpressure limit. */
  readonly congested: Tally;
  /** Sessions that died and left their socket behind. */
  readonly sessionsLost: Tally;
  /** Sockets that the server closed, by the name of the close code. */
  readonly closed: Counter<'code'>;
  /** Upgrades refused, by error. */
  readonly refused: Counter<'error'>;
}

export const createGatewayMetrics = (registry: Registry): GatewayMetrics => ({
  connections: level(registry, 'connections', 'Open sockets.'),
  opened: tally(registry, 'connections_opened_total', 'Sockets opened.'),
  framesIn: tally(registry, 'frames_in_total', 'Frames received.'),
  bytesIn: tally(registry, 'bytes_in_total', 'Bytes of frames received.'),
  framesOut: tally(registry, 'frames_out_total', 'Frames sent.'),
  bytesOut: tally(registry, 'bytes_out_total', 'Bytes of frames sent.'),
  congested: tally(registry, 'congested_total', 'Times a socket was over its limit.'),
  sessionsLost: tally(registry, 'sessions_lost_total', 'Sessions that died under a socket.'),
  closed: new Counter({
    name: `${PREFIX}closed_total`,
    help: 'Sockets closed by the server.',
    labelNames: ['code'],
    registers: [registry],
  }),
  refused: new Counter({
    name: `${PREFIX}refused_total`,
    help: 'Connections refused at the upgrade.',
    labelNames: ['error'],
    registers: [registry],
  }),
});
