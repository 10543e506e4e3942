/** What a bench and the process of its crowd tell each other (bench/crowd/). */
import type { BackoffOptions } from '../../client/backoff.ts';
import type { LatencySummary } from '../../lab/latency.ts';
import type { Identity } from '../../protocol/device/identity.ts';

export type CrowdRequest =
  /** Devices from now on. None is connected yet. */
  | { readonly kind: 'gather'; readonly identities: readonly Identity[] }
  /** Everybody who is away logs in, so many at once; answered when all are served. */
  | { readonly kind: 'connect'; readonly atOnce: number; readonly proof: Proof }
  /** Everybody leaves; answered when all connections have ended. */
  | { readonly kind: 'leave' }
  /** From now on whoever loses its connection comes back by itself, until `settle` is answered. */
  | { readonly kind: 'persist'; readonly manner: Manner }
  /** Answered when everybody is served again; times run from `since` (milliseconds since 1970). */
  | { readonly kind: 'settle'; readonly since: number };

export type Proof = 'signature' | 'ticket';

/** How a client comes back: after a fixed pause, or as the SDK does (client/backoff.ts). */
export type Manner =
  | { readonly kind: 'fixed'; readonly pauseMs: number }
  | { readonly kind: 'backoff'; readonly options: Omit<BackoffOptions, 'random'> };

export type CrowdAnswer =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'connected';
      readonly seconds: number;
      /** Processor time of the crowd meanwhile. */
      readonly cpuSeconds: number;
    }
  | {
      readonly kind: 'settled';
      /** When each was served again. */
      readonly servedMs: LatencySummary;
      /** Connections that were tried, the successful ones included. */
      readonly attempts: number;
    }
  | { readonly kind: 'failed'; readonly message: string };
