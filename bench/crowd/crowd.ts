/** Many quiet devices of one process: they come, stay, come back and leave. */
import type { ConnectionEnd } from '../../client/connection.ts';
import { backoffMs } from '../../client/backoff.ts';
import { Latency, type LatencySummary } from '../../lab/latency.ts';
import { QuietDevice } from '../../lab/quiet-device.ts';
import { rawTransport } from '../../lab/raw-transport.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { Manner, Proof } from './protocol.ts';

export class Crowd {
  readonly #devices: QuietDevice[] = [];
  readonly #served = new Map<DeviceId, number>();
  /** Failures in a row of those who are on their way back. */
  readonly #failures = new Map<DeviceId, number>();
  #manner: Manner | null = null;
  #open = 0;
  #attempts = 0;
  /** Looked at whenever somebody is served or leaves. */
  #changed: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  #next: () => void = () => undefined;

  gather(identities: readonly Identity[]): void {
    const transport = rawTransport();
    for (const identity of identities)
      this.#devices.push(
        new QuietDevice(identity, transport, {
          onServed: device => this.#arrived(device),
          onEnd: (device, end) => this.#left(device, end),
        }),
      );
  }

  /** @throws (rejects) Error when one is not let in */
  async connect(atOnce: number, proof: Proof): Promise<{ seconds: number; cpuSeconds: number }> {
    const away = this.#devices.filter(({ id }) => !this.#served.has(id));
    let next = 0;
    this.#next = () => {
      const device = away[next++];
      if (device !== undefined) this.#connect(device, proof === 'ticket');
    };
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const everybody = this.#until(() => this.#served.size === this.#devices.length);
    for (let i = 0; i < atOnce; i++) this.#next();
    await everybody;
    this.#next = () => undefined;
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
  }

  async leave(): Promise<void> {
    this.#manner = null;
    const nobody = this.#until(() => this.#open === 0);
    this.#served.clear();
    for (const device of this.#devices) device.close();
    await nobody;
  }

  persist(manner: Manner): void {
    this.#manner = manner;
    this.#attempts = 0;
    this.#served.clear();
  }

  async settle(since: number): Promise<{ servedMs: LatencySummary; attempts: number }> {
    await this.#until(() => this.#served.size === this.#devices.length);
    this.#manner = null;
    const latency = new Latency();
    for (const at of this.#served.values()) latency.record(Math.max(0, at - since));
    return { servedMs: latency.summary(), attempts: this.#attempts };
  }

  #connect(device: QuietDevice, withTicket: boolean): void {
    this.#open++;
    this.#attempts++;
    device.connect({ withTicket });
  }

  #arrived(device: QuietDevice): void {
    this.#served.set(device.id, Date.now());
    this.#failures.delete(device.id);
    this.#next();
    this.#changed();
  }

  #left(device: QuietDevice, end: ConnectionEnd): void {
    this.#open--;
    if (end.code === 'closed') {
      this.#changed();
      return;
    }
    if (this.#manner === null || !end.again) {
      this.#fail(new Error(`${device.id} lost its connection: ${end.code}: ${end.message}`));
      return;
    }
    this.#served.delete(device.id);
    const failures = (this.#failures.get(device.id) ?? 0) + 1;
    this.#failures.set(device.id, failures);
    setTimeout(() => this.#connect(device, true), pauseMs(this.#manner, failures, end));
  }

  #until(reached: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#changed = () => {
        if (!reached()) return;
        this.#changed = () => undefined;
        resolve();
      };
      this.#changed();
    });
  }
}

/** Either way a client waits for as long as the server asked it to. */
const pauseMs = (manner: Manner, failures: number, { retryAfterMs }: ConnectionEnd): number =>
  manner.kind === 'fixed'
    ? Math.max(manner.pauseMs, retryAfterMs ?? 0)
    : backoffMs({ ...manner.options, random: Math.random }, failures, retryAfterMs);
