/**
 * What hears of everything in a load with faults: the delivery oracle gets each message, and it is counted which
 * sockets were closed, who had to be told `state` and when everybody was served again.
 */
import type { DeviceId } from '../protocol/ids.ts';
import type { MessageRow } from '../protocol/rows.ts';
import { Oracle } from './oracle.ts';
import type { Verdict } from './verdict.ts';

export class Witness {
  /** Null while nobody asks: at full load it would cost the generator too much. */
  #oracle: Oracle | null = null;
  #count = 0;
  readonly #acceptedUpTo = new Map<DeviceId, number>();
  #disconnections = 0;
  /** Who was told `state`, and when what it offered again was accepted; NaN until then. */
  readonly #servedAt = new Map<DeviceId, number>();
  #look: () => void = () => undefined;

  /** From now on everything is kept and counted, from nothing. No message may be under way. */
  begin(): void {
    this.#oracle = new Oracle();
    this.#disconnections = 0;
    this.#servedAt.clear();
  }

  /** @throws Error when it was never begun */
  verdict(): Verdict {
    if (this.#oracle === null) throw new Error('expected a witness that was begun');
    return this.#oracle.verdict();
  }

  /** Connections that ended without having been closed here. */
  get disconnections(): number {
    return this.#disconnections;
  }

  /** How many devices were told `state`: their sessions are new. */
  get toldStates(): number {
    return this.#servedAt.size;
  }

  /**
   * Resolves when so many devices were told `state` and had everything that they offered again accepted as far as the
   * first answer goes.
   * @returns when the last one was: milliseconds since 1970
   * @throws (rejects) Error with how many there are when it takes too long
   */
  allServed(devices: number, timeoutMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const served = (): number[] => [...this.#servedAt.values()].filter(at => !Number.isNaN(at));
      const late = setTimeout(() => {
        const found = `${served().length} of ${devices} users were served again within ${timeoutMs} ms`;
        reject(new Error(found));
      }, timeoutMs);
      this.#look = () => {
        const times = served();
        if (times.length < devices) return;
        this.#look = () => undefined;
        clearTimeout(late);
        resolve(Math.max(...times));
      };
      this.#look();
    });
  }

  /** One message goes out. @param send hands it in. @returns its number, which `send` gave */
  sends(
    device: DeviceId,
    targets: readonly DeviceId[],
    bodyBytes: number,
    send: (body: Uint8Array) => number,
  ): number {
    const id = `${device} ${++this.#count}`;
    const body = Buffer.alloc(bodyBytes, ' ');
    body.write(id, 'latin1');
    const seq = send(body);
    this.#oracle?.submitted({ device, seq, id, targets });
    return seq;
  }

  accepted(device: DeviceId, upTo: number): void {
    const before = this.#acceptedUpTo.get(device) ?? 0;
    this.#acceptedUpTo.set(device, Math.max(before, upTo));
    for (let seq = before + 1; seq <= upTo; seq++) this.#oracle?.accepted(device, seq);
    if (Number.isNaN(this.#servedAt.get(device))) this.#served(device);
  }

  /** @returns false when the generator had better not hear of it, because it was not to come */
  arrived(device: DeviceId, { from, seq, body }: MessageRow): boolean {
    if (this.#oracle === null) return true;
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
    this.#oracle.delivery({ device, from, seq, id: text.trimEnd() });
    return true;
  }

  toldState(device: DeviceId, undecided: number): void {
    this.#servedAt.set(device, NaN);
    if (undecided === 0) this.#served(device);
  }

  disconnected(_device: DeviceId): void {
    this.#disconnections++;
  }

  #served(device: DeviceId): void {
    this.#servedAt.set(device, Date.now());
    this.#look();
  }
}
