/** Who may open a WebSocket: the path, the subprotocol and the limits, before anything is spent on the socket. */
import { isDeviceId } from '../../protocol/ids.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import { httpError } from '../http/http-error.ts';
import type { HttpErrorCode, HttpErrorDetail } from '../http/http-error.ts';
import type { HttpAnswer, HttpHandler } from '../http/http-request.ts';
import { decodePart } from '../http/path-pattern.ts';

export const SUBPROTOCOL = 'strowger.v1';

/** Who is at the other end of a socket, as far as is known without a proof. */
export interface Peer {
  readonly device: DeviceId;
  readonly address: string;
}

/** An HTTP request for a WebSocket. */
export interface UpgradeRequest {
  /** The part of the path after `/v1/`, as it came. */
  readonly device: string;
  /** The header `Sec-WebSocket-Protocol`. */
  readonly subprotocols: string;
  readonly address: string;
}

export type UpgradeDecision =
  | { readonly kind: 'accept'; readonly peer: Peer }
  | { readonly kind: 'refuse'; readonly error: HttpErrorCode; readonly answer: HttpAnswer };

export interface UpgradeRules {
  readonly draining: boolean;
  readonly refusal: (address: string) => 'too_many_connections' | 'unavailable' | undefined;
  /** When somebody who is refused may come back. */
  readonly retryAfterMs: () => number;
}

export function decideUpgrade(request: UpgradeRequest, rules: UpgradeRules): UpgradeDecision {
  const retryAfterSeconds = Math.max(1, Math.ceil(rules.retryAfterMs() / 1000));
  const refuse = (status: number, error: HttpErrorCode, detail: HttpErrorDetail) =>
    ({ kind: 'refuse', error, answer: httpError(status, error, detail) }) as const;

  const offered = request.subprotocols.split(',').map(protocol => protocol.trim());
  if (!offered.includes(SUBPROTOCOL)) {
    return refuse(400, 'unsupported_version', {
      message: `Connect with the subprotocol ${SUBPROTOCOL} (header Sec-WebSocket-Protocol).`,
    });
  }
  const device = decodePart(request.device);
  if (!isDeviceId(device)) {
    return refuse(400, 'bad_field', {
      field: 'device',
      message: 'The path is /v1/<device>, where a device is <user>:<number>, as in /v1/alice:1.',
    });
  }
  if (rules.draining) return refuse(503, 'going_away', { retryAfterSeconds });
  const why = rules.refusal(request.address);
  if (why !== undefined) {
    return refuse(why === 'too_many_connections' ? 429 : 503, why, { retryAfterSeconds });
  }
  return { kind: 'accept', peer: { device, address: request.address } };
}

const WEBSOCKET_PATH = /^\/v1\/[^/]+$/;

/** For who asks for a device's path without asking for a WebSocket, when nothing else is there. */
export const sayUpgradeNeeded =
  (http: HttpHandler): HttpHandler =>
  async request => {
    const answer = await http(request);
    return answer.status === 404 && request.method === 'GET' && WEBSOCKET_PATH.test(request.path)
      ? httpError(426, 'upgrade_needed', { headers: { upgrade: 'websocket' } })
      : answer;
  };
