/** Frames that came while no session was attached, in order and bounded. */
import { creditOf, GIVEN_AT_MOST } from './port.ts';

export class WaitingFrames {
  #frames: Uint8Array[] = [];
  #credit = 0;

  /** False when there is no room; nothing is kept then. */
  push(frame: Uint8Array): boolean {
    if (this.#credit + creditOf(frame) > GIVEN_AT_MOST) return false;
    this.#frames.push(frame);
    this.#credit += creditOf(frame);
    return true;
  }

  /** All of them, oldest first; none is left. */
  take(): readonly Uint8Array[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#credit = 0;
    return frames;
  }
}
