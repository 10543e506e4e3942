/**
 * `listen --mark-read`: tells the senders how far was read. Marks go through the outbox, which belongs to whoever
 * sends: it is borrowed for a moment, when no `send` runs, so that both can run side by side. Marks only rise, so a
 * later one stands for all before it.
 */
import type { Client } from '../client/client.ts';
import type { MessageEvent } from '../client/events.ts';
import { connect, defaultTimeoutMs, openDevice } from './device.ts';
import { failureOf } from './failure.ts';
import { say } from './output.ts';
import { settlesWithin } from './within.ts';

type Mark = Pick<MessageEvent, 'device' | 'conversation' | 'seq'>;

/** How long the end of `listen` waits for its marks; later the next command on the home tells them. */
const finishMs = 2_000;

export class ReadMarks {
  readonly #home: string;
  /** The highest mark per sending device and conversation that is not in the outbox yet. */
  readonly #due = new Map<string, Mark>();
  #client: Client | null = null;
  #working: Promise<void> | null = null;

  constructor(home: string) {
    this.#home = home;
  }

  add({ device, conversation, seq }: Mark): void {
    this.#due.set(`${device} ${conversation ?? ''}`, { device, conversation, seq });
    this.#work();
  }

  /** Tells what is due, or at least puts it into the outbox, from where the next command tells it. */
  async finish(): Promise<void> {
    this.#work();
    if (this.#working === null) return;
    if (await settlesWithin(finishMs, this.#working)) return;
    await this.#client?.close();
    if (this.#due.size > 0) say('Another command sends just now: what was read last is not told.');
  }

  #work(): void {
    if (this.#working !== null || this.#due.size === 0) return;
    const finished = this.#tell().catch((error: unknown) => {
      say(`What was read is told later: ${failureOf(error).text}`);
    });
    this.#working = finished.then(() => {
      this.#working = null;
    });
  }

  /** Goes on while there are marks, so that one connection serves a burst of messages. */
  async #tell(): Promise<void> {
    this.#client = await openDevice(this.#home, 'send', defaultTimeoutMs);
    try {
      this.#queue(this.#client);
      await connect(this.#client, defaultTimeoutMs);
      do this.#queue(this.#client);
      while ((await settlesWithin(defaultTimeoutMs, this.#client.settled())) && this.#due.size > 0);
    } finally {
      await this.#client.close();
      this.#client = null;
    }
  }

  #queue(client: Client): void {
    for (const mark of this.#due.values()) client.markRead(mark);
    this.#due.clear();
  }
}
