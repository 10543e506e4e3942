/** `/healthz`, `/readyz` and `/metrics`: for who watches over the server. */
import { isLoopback } from '../config/loopback.ts';
import { httpError } from './http-error.ts';
import type { Router, RouteRequest } from './router.ts';

/** Whether the server can do its work, and each thing that this depends on. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

export interface HealthOptions {
  /** Whether the tree is up and the stores can be written. */
  readonly readiness: () => Promise<Readiness> | Readiness;
  /** The metrics in Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
}

export function addHealthRoutes(router: Router, { readiness, metrics }: HealthOptions): void {
  router.route('GET', '/healthz', () => ({ status: 200, body: { alive: true } }));

  router.route('GET', '/readyz', async () => {
    const state = await readiness();
    return { status: state.ready ? 200 : 503, body: state };
  });

  router.route('GET', '/metrics', async request => {
    if (!request.admin && !isFromThisMachine(request)) {
      return httpError(401, 'not_authorised', { headers: { 'www-authenticate': 'Bearer' } });
    }
    const { text, contentType } = await metrics();
    return { status: 200, body: text, contentType };
  });
}

/** A proxy on this machine that is not a trusted one makes everybody look local; it leaves these headers. */
const isFromThisMachine = ({ address, headers }: RouteRequest): boolean =>
  isLoopback(address) &&
  headers['x-forwarded-for'] === undefined &&
  headers['forwarded'] === undefined;
