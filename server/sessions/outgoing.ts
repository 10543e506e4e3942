/** What a session says. Packets of one turn go out in one frame. */
import { self, send } from '../../actors/index.ts';
import { encodeServerFrames, type EncodedDeliver } from '../../protocol/codec/encoded-deliver.ts';
import { errors, type CloseCode, type ErrorCode } from '../../protocol/errors.ts';
import type { ErrorPacket, ServerPacket } from '../../protocol/packets.ts';
import { creditOf, SAY_TAKEN_AFTER, type ToGateway } from '../gateway/port.ts';
import { withItem } from '../young-list.ts';
import type { SessionState } from './state.ts';

export const FLUSH = { kind: 'flush' } as const;

export function say(state: SessionState, packet: ServerPacket | EncodedDeliver): void {
  if (state.phase === 'ending') return;
  put(state, packet);
  if (state.flushing) return;
  state.flushing = true;
  send(self(), FLUSH);
}

/** As {@link say}, for what something else surely follows: it waits for that, and both go in one frame. */
export function sayWithNext(state: SessionState, packet: ServerPacket): void {
  if (state.phase !== 'ending') put(state, packet);
}

function put(state: SessionState, packet: ServerPacket | EncodedDeliver): void {
  state.out = withItem(state.out, packet);
}

/** `accepted` is a watermark: of several in one frame the last one says it all. */
export function sayAccepted(state: SessionState, upTo: number): void {
  const last = state.out.at(-1);
  const packet = { kind: 'accepted', upTo, at: Date.now() } as const;
  if (last?.kind === 'accepted') state.out[state.out.length - 1] = packet;
  else say(state, packet);
}

export function sayError(
  state: SessionState,
  code: ErrorCode,
  details: Partial<Omit<ErrorPacket, 'kind' | 'code'>> = {},
): void {
  say(state, { kind: 'error', code, message: errors[code].text, ...details });
}

export function flush(state: SessionState): void {
  state.flushing = false;
  if (state.out.length === 0) return;
  const packets = state.out;
  state.out = [];
  for (const frame of encodeServerFrames(packets)) {
    toGateway(state, {
      kind: 'send',
      connection: state.opening.connection,
      session: self(),
      frame,
      taken: state.taken,
    });
  }
  state.takenSaid = state.taken;
}

/** Counts a frame of the gateway's as taken, and says so where nothing else would for long. */
export function takeCredit(state: SessionState, frame: Uint8Array): void {
  state.taken += creditOf(frame);
  if (state.taken - state.takenSaid > SAY_TAKEN_AFTER) sayTaken(state);
}

function sayTaken(state: SessionState): void {
  if (state.taken === state.takenSaid) return;
  state.takenSaid = state.taken;
  const { taken, opening } = state;
  toGateway(state, { kind: 'took', connection: opening.connection, session: self(), taken });
}

/** Says why, closes the socket, and takes nothing more. The session ends when the gateway says `closed`. */
export function closeWith(state: SessionState, code: CloseCode, message?: string): void {
  if (state.phase === 'ending') return;
  const text = message ?? errors[code].text;
  const retryAfterMs = errors[code].again
    ? (state.draining ?? state.services.retryAfterMs())
    : null;
  say(state, { kind: 'close', code, message: text, retryAfterMs });
  flush(state);
  state.phase = 'ending';
  toGateway(state, {
    kind: 'close',
    connection: state.opening.connection,
    session: self(),
    code,
    message: text,
  });
}

export function toGateway(state: SessionState, message: ToGateway): void {
  send(state.opening.gateway, message);
}
