/** A WebSocket as a connection sees it; the uWebSockets.js side is in `web-socket-app.ts`. */
export interface Socket {
  /** Sends frames in as few system calls as it takes. */
  send(frames: readonly Uint8Array[]): void;
  /** Bytes that the peer has not taken yet. */
  bufferedBytes(): number;
  /** Closes with a close frame; the socket's `close` event comes before this returns. */
  end(code: number, reason: string): void;
  /** Cuts the connection; the `close` event comes before this returns. */
  cut(): void;
}

/** What a socket's events are told to. */
export interface SocketEvents {
  /** @param frame memory of its own */
  received(frame: Uint8Array): void;
  /** A text frame, or a binary one that is larger than the limit. */
  refused(code: 'bad_frame' | 'frame_too_large'): void;
  drained(): void;
  gone(code: number): void;
}
