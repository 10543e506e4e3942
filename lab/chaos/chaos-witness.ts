/** Hears of everything in a chaos run: for the oracle, for the recovery times, and second by second for the time line. */
import type { DeviceId } from '../../protocol/ids.ts';
import type { MessageRow } from '../../protocol/rows.ts';
import { Latency, type LatencySummary } from '../latency.ts';
import { Witness } from '../witness.ts';
import { Arrivals } from './arrivals.ts';

export interface Second {
  readonly accepted: number;
  readonly delivered: number;
  /** From the sending to the receiving device, in milliseconds. */
  readonly latencyMs: LatencySummary;
}

export class ChaosWitness extends Witness {
  readonly #arrivals = new Arrivals();
  readonly #upTo = new Map<DeviceId, number>();
  /** Whose connection ended and who is not back. */
  readonly #away = new Set<DeviceId>();
  #backAgain: (() => void)[] = [];
  #onDisconnected: () => void = () => undefined;
  #latency = new Latency();
  #acceptedThisSecond = 0;
  #accepted = 0;
  #delivered = 0;

  get accepts(): number {
    return this.#accepted;
  }

  get deliveries(): number {
    return this.#delivered;
  }

  get away(): number {
    return this.#away.size;
  }

  onDisconnected(listener: () => void): void {
    this.#onDisconnected = listener;
  }

  /** Resolves when everything sent by now has arrived and everybody is connected. */
  async recovered(): Promise<void> {
    await Promise.all([this.#arrivals.allSoFar(), this.#everybodyBack()]);
  }

  /** What there was since the last time this was asked. */
  takeSecond(): Second {
    const latencyMs = this.#latency.summary();
    const second = { accepted: this.#acceptedThisSecond, delivered: latencyMs.count, latencyMs };
    this.#latency = new Latency();
    this.#acceptedThisSecond = 0;
    return second;
  }

  override sends(
    device: DeviceId,
    targets: readonly DeviceId[],
    bodyBytes: number,
    send: (body: Uint8Array) => number,
  ): number {
    const seq = super.sends(device, targets, bodyBytes, send);
    this.#arrivals.send(device, seq, targets, performance.now());
    if (!this.#upTo.has(device)) this.#upTo.set(device, seq - 1);
    return seq;
  }

  override accepted(device: DeviceId, upTo: number): void {
    super.accepted(device, upTo);
    const before = this.#upTo.get(device) ?? upTo;
    for (let seq = before + 1; seq <= upTo; seq++) {
      this.#arrivals.arrive(device, seq, device);
      this.#accepted += 1;
      this.#acceptedThisSecond += 1;
    }
    this.#upTo.set(device, Math.max(before, upTo));
  }

  override arrived(device: DeviceId, row: MessageRow): boolean {
    super.arrived(device, row);
    const sentAt = this.#arrivals.arrive(row.from, row.seq, device);
    if (sentAt === undefined) return false;
    this.#delivered += 1;
    this.#latency.record(performance.now() - sentAt);
    return true;
  }

  override toldState(device: DeviceId, undecided: number): void {
    super.toldState(device, undecided);
    if (!this.#away.delete(device) || this.#away.size > 0) return;
    for (const back of this.#backAgain.splice(0)) back();
  }

  override disconnected(device: DeviceId): void {
    super.disconnected(device);
    this.#away.add(device);
    this.#onDisconnected();
  }

  #everybodyBack(): Promise<void> {
    if (this.#away.size === 0) return Promise.resolve();
    return new Promise(resolve => this.#backAgain.push(resolve));
  }
}
