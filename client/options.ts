/** What a client is opened with. */
import type { CryptoBackend } from '../protocol/crypto/backend.ts';
import type { DeviceStore } from '../protocol/device/store.ts';
import type { BackoffOptions } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Transport } from './transport.ts';

export interface ClientOptions {
  readonly store: DeviceStore;
  readonly transport: Transport;
  readonly crypto: CryptoBackend;
  /** What this client does for the device; both unless told. Another program may do the other at the same time. */
  readonly roles?: { readonly send: boolean; readonly receive: boolean };
  /** Name and version of the program, for the host's statistics. */
  readonly agent?: string;
  readonly clock?: Clock;
  readonly backoff?: Partial<BackoffOptions>;
  readonly limits?: Partial<ClientLimits>;
}

/** What one client holds at most, and waits at most. */
export interface ClientLimits {
  /** Messages and read marks in the outbox; more are turned down with `outbox_full`. */
  readonly outboxEntries: number;
  /** Events that the application has not confirmed; with more the server keeps the rest. */
  readonly inboxRows: number;
  /** A request without an answer rejects with `request_timeout`. */
  readonly requestTimeoutMs: number;
  /** Sends without any answer for so long: the connection is given up and made anew. */
  readonly answerTimeoutMs: number;
}

export const defaultLimits: ClientLimits = {
  outboxEntries: 10_000,
  inboxRows: 1_000,
  requestTimeoutMs: 30_000,
  answerTimeoutMs: 30_000,
};
