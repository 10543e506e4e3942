/** `strowger listen`: prints what arrives, each event once, until it is told to stop or has what it was asked for. */
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { ClientError } from '../../client/errors.ts';
import type { ClientEvent, StoredEvent } from '../../client/events.ts';
import { count, seconds } from '../arguments.ts';
import { connect, defaultTimeoutMs, openDevice } from '../device.ts';
import { eventAsJson } from '../event-json.ts';
import { eventAsText } from '../event-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { homeOption } from '../home.ts';
import { finishOutbox } from '../finish-outbox.ts';
import { print, say } from '../output.ts';
import { ReadMarks } from '../read-marks.ts';

interface ListenOptions {
  readonly home: string;
  readonly json?: boolean;
  readonly count?: number;
  readonly timeout?: number;
  readonly markRead?: boolean;
}

export function defineListen(command: Command): void {
  command
    .option('--json', 'one JSON line per event; else lines for people')
    .option('--count <n>', 'end with exit code 0 after so many messages', count)
    .option('--timeout <seconds>', 'end with exit code 3 after so long', seconds)
    .option('--mark-read', 'tell the senders that what is printed was read')
    .addOption(homeOption())
    .action(listen);
}

async function listen(options: ListenOptions): Promise<void> {
  const { home, timeout } = options;
  const patienceMs = Math.min(timeout ?? Infinity, defaultTimeoutMs);
  const stop = stopReasons(timeout);
  await finishOutbox(home, patienceMs);
  const client = await openDevice(home, 'receive', patienceMs);
  const marks = options.markRead === true ? new ReadMarks(home) : null;
  try {
    await connect(client, patienceMs);
    void stop.reason.then(() => client.close());
    const enough = await printEvents(client, options, marks);
    if (enough) return;
    process.exitCode = await stop.reason;
  } finally {
    await client.close();
    await marks?.finish();
  }
}

/** Why listening ends without having all it was asked for, as an exit code. */
function stopReasons(timeoutMs: number | undefined): { reason: Promise<number> } {
  const reason = new Promise<number>(resolve => {
    process.once('SIGINT', () => resolve(exitCodes.done));
    process.once('SIGTERM', () => resolve(exitCodes.done));
    if (timeoutMs !== undefined) setTimeout(() => resolve(exitCodes.timeout), timeoutMs);
  });
  return { reason };
}

/**
 * @returns whether as many messages came as were asked for; false when the client was closed
 * @throws (rejects) ClientError when the server will have this device no more; CommandError `output_closed`
 */
async function printEvents(
  client: Client,
  { json = false, count }: ListenOptions,
  marks: ReadMarks | null,
): Promise<boolean> {
  const format = json ? eventAsJson : eventAsText;
  const { user } = client.identity;
  const status = new StatusLine();
  let messages = 0;
  for await (const event of client.events()) {
    if (!isStored(event)) {
      status.tell(event);
      continue;
    }
    await print(format(event, user));
    // Printed: from here on it never comes again.
    event.done();
    if (event.kind !== 'message') continue;
    marks?.add(event);
    messages += 1;
    if (messages === count) return true;
  }
  return false;
}

const isStored = (event: ClientEvent): event is StoredEvent & { done(): void } =>
  event.kind === 'message' ||
  event.kind === 'receipt' ||
  event.kind === 'undelivered' ||
  event.kind === 'group';

/** Tells how the connection is, once for each time that it breaks, however often the client tries again. */
class StatusLine {
  #listening = false;

  /** @throws ClientError when it is the end */
  tell(event: Exclude<ClientEvent, StoredEvent>): void {
    switch (event.kind) {
      case 'connected':
        this.#listening = true;
        say('Listening.');
        return;
      case 'disconnected':
        if (event.retryInMs === null) throw new ClientError(event.code, event.message);
        if (this.#listening) say(`${event.message} Trying again.`);
        this.#listening = false;
        return;
      case 'retired':
        throw new ClientError('retired');
      case 'complaint':
        say(`The server complains (${event.code}): ${event.message}`);
        return;
      case 'unresolved':
        say(`The message ${event.id} (seq ${event.seq}) was lost when the server was restored.`);
        return;
      default:
        event satisfies never;
    }
  }
}
