/** How many connections each address has; this machine's own addresses are not counted. */
import { isLoopback } from '../config/loopback.ts';
import { addressKey } from '../http/client-address.ts';

export class AddressCounts {
  readonly #counts = new Map<string, number>();

  /** Whether the address may have one more. */
  hasRoom(address: string, limit: number): boolean {
    return (this.#counts.get(addressKey(address)) ?? 0) < limit;
  }

  add(address: string): void {
    if (isLoopback(address)) return;
    const key = addressKey(address);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(address: string): void {
    const key = addressKey(address);
    const count = this.#counts.get(key);
    if (count === undefined) return;
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
  }
}
