/** What states of the server's processes are made of, beside plain data. */
import { Registry } from 'prom-client';
import type { Pid } from '../../actors/index.ts';
import type { ServerLimits } from '../config/config.ts';
import { Box } from '../mailboxes/box.ts';
import { createServerMetrics } from '../metrics/server-metrics.ts';
import type { SessionServices } from '../sessions/state.ts';
import { Tickets } from '../sessions/tickets.ts';
import { StorePort } from '../stores/port.ts';
import type { Known, Picture } from './picture.ts';

const classes = { Box, StorePort } as const;

/** How long a ticket of a session that is only run again would live. */
const TICKET_LIFE_MS = 1_000;

/** What sessions share is not theirs: of it only plain numbers are kept, no secret. */
export const known: Known = {
  classes,
  nameOf: value => {
    if (!isServices(value)) return undefined;
    const { shards, limits } = value;
    return { name: 'services', with: { shards, limits: limits as unknown as Picture } };
  },
  named: (_name, given) => {
    const { shards, limits } = given as unknown as { shards: number; limits: ServerLimits };
    return {
      shards,
      limits,
      tickets: new Tickets(new Uint8Array(32), TICKET_LIFE_MS),
      metrics: createServerMetrics(new Registry()),
      mayLogIn: () => true,
      retryAfterMs: () => 0,
      mailboxOf: () => new Promise<Pid>(() => undefined),
    } satisfies SessionServices;
  },
};

const isServices = (value: object): value is SessionServices =>
  'tickets' in value && value.tickets instanceof Tickets;
