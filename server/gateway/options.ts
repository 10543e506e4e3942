/** What a gateway is started with. Everything outside of sockets and frames is handed in. */
import type { StartResult } from '../../actors/index.ts';
import type { HttpHandler } from '../http/http-request.ts';
import type { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import type { Opening } from './port.ts';

export interface GatewayOptions {
  readonly host: string;
  /** 0: any free one; a restarted gateway takes the same again. */
  readonly port: number;
  /** PEM files, which are looked at again and again; undefined: without TLS. */
  readonly tls: { readonly keyFile: string; readonly certificateFile: string } | undefined;
  /** Addresses and networks (CIDR) whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly limits: GatewayLimits;
  /** How often one connection may lose its session within a time, before it is closed with `internal`. */
  readonly sessionRestarts: { readonly intensity: number; readonly periodMs: number };
  /** When clients that are sent away shall come back: after this, plus a share of the jitter. */
  readonly retry: { readonly afterMs: number; readonly jitterMs: number };
  /** Asks for a session for a socket. It attaches by a message, so no pid is kept. */
  readonly openSession: (opening: Opening) => Promise<SessionStart> | SessionStart;
  /** Whether this address may try a login now; asked once a socket. */
  readonly mayLogIn: (address: string) => boolean;
  /** Answers what is not a WebSocket; it never rejects. */
  readonly http: HttpHandler;
  /** Told of what failed in the parts that the gateway asks for something. */
  readonly onError: (error: unknown, where: string) => void;
  /** Told of what a host wants to know though nothing is wrong. */
  readonly onNotice: (text: string) => void;
  readonly metrics: GatewayMetrics;
}

export type SessionStart =
  | StartResult
  /** Another isolate was asked. */
  | readonly ['asked']
  /** The isolate that serves this device is away; the gateway is told when it is there again. */
  | readonly ['away'];

export interface GatewayLimits {
  /** Bytes of one frame. Larger: closed with `frame_too_large`. */
  readonly frameBytes: number;
  /** Bytes waiting in a socket. More: its session is told `congested`. */
  readonly socketBackpressureBytes: number;
  /** Silence after which a socket is closed; 8 to 960 seconds, pings are sent before. */
  readonly idleTimeoutMs: number;
  /** Sockets in all. More: 503 at the upgrade. */
  readonly connections: number;
  /** Sockets of one address. More: 429 at the upgrade. */
  readonly connectionsPerAddress: number;
}

/** A session that died has this long for its next incarnation to attach; then the gateway opens one itself. */
export const ATTACH_WITHIN_MS = 1000;
/** A session that went with its supervisor: the supervisor has this long to be there again. */
export const REOPEN_AFTER_MS = 20;

/**
 * How often a connection may lose its session with the whole isolate while its session was what held the thread: who
 * brings it down again and again is closed with `internal`, so that the others of the isolate have peace.
 */
export const ISOLATE_DEATHS = { intensity: 1, periodMs: 60_000 } as const;

/**
 * Bytes that a socket may hold at most, however slowly its session learns that it is congested. More: closed with
 * `slow_consumer`.
 */
export const socketBytes = ({ socketBackpressureBytes, frameBytes }: GatewayLimits): number =>
  socketBackpressureBytes + 4 * frameBytes;

/**
 * Sockets that are no WebSocket (yet) at most: those of a reconnect storm, and a few for HTTP. More are cut. One that
 * says nothing is closed by uWebSockets.js after ten seconds.
 */
export const httpSockets = ({ connections }: GatewayLimits): number => 64 + connections;
