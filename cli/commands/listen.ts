/** `strowger listen`: prints what arrives, each event once, until it is told to stop or has what it was asked for. */
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { ClientError } from '../../client/errors.ts';
import type { ClientEvent, StoredEvent } from '../../client/events.ts';
import { count, seconds } from '../arguments.ts';
import { defaultTimeoutMs, openDevice } from '../device.ts';
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
    .option('--timeout <seconds>', 'end with exit code 3 after listening so long', seconds)
    .option('--mark-read', 'tell the senders that what is printed was read')
    .addOption(homeOption())
    .action(listen);
}

async function listen(options: ListenOptions): Promise<void> {
  const { home, timeout, markRead = false } = options;
  const status = new StatusLine();
  const told = toldToStop();
  const stop =
    timeout === undefined ? told : Promise.race([told, status.begun.then(() => over(timeout))]);
  const client = await Promise.race([startListening(home, status), stop]);
  // Told to stop while it started: nothing is open that could not be cut off.
  if (typeof client === 'number') {
    process.exitCode = client;
    return;
  }
  const marks = markRead ? new ReadMarks(home) : null;
  const stopped: { code: number | null } = { code: null };
  void stop.then(code => {
    stopped.code = code;
    return client.close();
  });
  try {
    const enough = await connectAndPrint(client, options, marks, status);
    // Without a word from the server or from outside only a store that fails ends a client.
    if (!enough && stopped.code === null) throw new ClientError('store_failed');
    process.exitCode = enough ? exitCodes.done : (stopped.code ?? exitCodes.failed);
  } finally {
    await client.close();
    await marks?.finish();
  }
}

/** How long a listener that is just ending may take to give the home free. */
const handoverMs = 1_000;

/** Finishes what was left in the outbox, then opens the home to listen. */
async function startListening(home: string, status: StatusLine): Promise<Client> {
  await finishOutbox(home, defaultTimeoutMs, message => status.away(message));
  return openDevice(home, 'receive', handoverMs);
}

/** Connects, as often as it takes, and prints. @returns and @throws as {@link printEvents} does */
async function connectAndPrint(
  client: Client,
  options: ListenOptions,
  marks: ReadMarks | null,
  status: StatusLine,
): Promise<boolean> {
  const refused = client.connect({ keepTrying: true }).then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => {
      // Told to stop, or its end is among the events.
      if (error instanceof ClientError && error.code === 'closed')
        return new Promise<never>(() => undefined);
      throw error;
    },
  );
  return Promise.race([printEvents(client, options, marks, status), refused]);
}

/** Resolves with the exit code. A second signal ends the process as it does by default. */
const toldToStop = (): Promise<number> =>
  new Promise(resolve => {
    process.once('SIGINT', () => resolve(exitCodes.done));
    process.once('SIGTERM', () => resolve(exitCodes.done));
  });

const over = (timeoutMs: number): Promise<number> =>
  new Promise(resolve => setTimeout(() => resolve(exitCodes.timeout), timeoutMs));

/**
 * @returns whether as many messages came as were asked for; false when the client was closed
 * @throws (rejects) ClientError when the server will have this device no more; CommandError `output_closed`
 */
async function printEvents(
  client: Client,
  { json = false, count }: ListenOptions,
  marks: ReadMarks | null,
  status: StatusLine,
): Promise<boolean> {
  const format = json ? eventAsJson : eventAsText;
  const { user } = client.identity;
  let messages = 0;
  for await (const event of client.events()) {
    if (!isStored(event)) {
      status.tell(event);
      continue;
    }
    await print(format(event, user), 'It comes again with the next `listen`.');
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
  #isAway = false;
  #begin = (): void => undefined;
  /** It listens, or has found that the server is not there: from then on time counts. */
  readonly begun = new Promise<void>(resolve => {
    this.#begin = resolve;
  });

  /** The server is not there, and the client tries again. */
  away(message: string): void {
    if (!this.#isAway) say(`${message} Trying again.`);
    this.#isAway = true;
    this.#begin();
  }

  /** @throws ClientError when it is the end */
  tell(event: Exclude<ClientEvent, StoredEvent>): void {
    switch (event.kind) {
      case 'connected':
        this.#isAway = false;
        this.#begin();
        say('Listening.');
        return;
      case 'disconnected':
        if (event.retryInMs === null) throw new ClientError(event.code, event.message);
        this.away(event.message);
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
