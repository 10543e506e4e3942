/** Frames that came while no session was attached, in order and bounded. */
import { WAITING_BYTES, WAITING_FRAMES } from './options.ts';

export class WaitingFrames {
  #frames: Uint8Array[] = [];
  #bytes = 0;

  /** False when there is no room; nothing is kept then. */
  push(frame: Uint8Array): boolean {
    if (this.#frames.length >= WAITING_FRAMES || this.#bytes + frame.length > WAITING_BYTES) {
      return false;
    }
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** All of them, oldest first; none is left. */
  take(): readonly Uint8Array[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
