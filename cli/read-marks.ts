/**
 * `listen --mark-read`: tells the senders how far was read. Marks go through the outbox, which belongs to whoever
 * sends: it is borrowed for a moment, when no `send` runs, so that both can run side by side. Marks only rise, so a
 * later one stands for all before it.
 */
import { ClientError } from '../client/errors.ts';
import type { MessageEvent } from '../client/events.ts';
import { connect, defaultTimeoutMs, openDevice } from './device.ts';
import { failureOf } from './failure.ts';
import { say } from './output.ts';
import { settlesWithin } from './within.ts';

type Mark = Pick<MessageEvent, 'device' | 'conversation' | 'seq'>;

export class ReadMarks {
  readonly #home: string;
  /** The highest mark per sending device and conversation that is not in the outbox yet. */
  readonly #due = new Map<string, Mark>();
  #working: Promise<void> | null = null;

  constructor(home: string) {
    this.#home = home;
  }

  add({ device, conversation, seq }: Mark): void {
    this.#due.set(`${device} ${conversation ?? ''}`, { device, conversation, seq });
    this.#work();
  }

  /** Waits until all marks are told, but not for longer than `timeoutMs`; what is in the outbox by then is told by the next command. */
  async finish(timeoutMs: number): Promise<void> {
    this.#work();
    if (this.#working !== null) await settlesWithin(timeoutMs, this.#working);
  }

  #work(): void {
    if (this.#working !== null || this.#due.size === 0) return;
    this.#working = this.#tell().then(
      () => this.#rest(),
      (error: unknown) => {
        say(`Reading was not told yet: ${failureOf(error).text}`);
        this.#working = null;
      },
    );
  }

  #rest(): void {
    this.#working = null;
    this.#work();
  }

  async #tell(): Promise<void> {
    const client = await openDevice(this.#home, 'send', defaultTimeoutMs);
    try {
      for (const [key, mark] of [...this.#due]) {
        client.markRead(mark);
        this.#due.delete(key);
      }
      await connect(client, defaultTimeoutMs);
      if (!(await settlesWithin(defaultTimeoutMs, client.settled())))
        throw new ClientError('disconnected');
    } finally {
      await client.close();
    }
  }
}
