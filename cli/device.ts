/** Runs a device from its home: opens the client, connects, keeps to the time given, leaves nothing open. */
import { openClient, type Client } from '../client/client.ts';
import { ClientError } from '../client/errors.ts';
import type { PendingSend } from '../client/pending-send.ts';
import { wsTransport } from '../client/transport-ws.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import { openHome } from '../storage/client/home.ts';
import { failureOf } from './failure.ts';
import { say } from './output.ts';
import { settlesWithin, within } from './within.ts';

export type Role = 'send' | 'receive';

/** How long a command waits for the server when it is not told. */
export const defaultTimeoutMs = 10_000;

const agent = 'strowger-cli';

/** @param waitMs how long to wait for another command that has this role of the device */
export function openDevice(home: string, role: Role, waitMs: number): Promise<Client> {
  return openClient({
    store: openHome(home, { waitMs }),
    transport: wsTransport(),
    crypto: nodeCrypto,
    roles: { send: role === 'send', receive: role === 'receive' },
    agent,
  });
}

/** @throws (rejects) ClientError with the code of what stands against it */
export function connect(client: Client, timeoutMs: number): Promise<void> {
  return within(timeoutMs, client.connect(), () => new ClientError('unreachable'));
}

/**
 * Does something as the device's sender: waits for other commands that send, connects, and goes on with what earlier
 * ones have left in the outbox (it comes before anything new). What is still open in the end stays in the outbox.
 * @param timeoutMs for all of it together
 */
export async function asSender<T>(
  home: string,
  timeoutMs: number,
  work: (client: Client, remainingMs: () => number) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  const remainingMs = (): number => Math.max(1, deadline - performance.now());
  const client = await openDevice(home, 'send', timeoutMs);
  try {
    client.pending().forEach(tellOutcome);
    await connect(client, remainingMs());
    const done = await work(client, remainingMs);
    // What cannot be finished now stays for the next command.
    await settlesWithin(remainingMs(), client.settled());
    return done;
  } finally {
    await client.close();
  }
}

/** Says what became of a message that an earlier command has left. */
export function tellOutcome({ id, seq, accepted }: PendingSend): void {
  accepted.then(
    () => say(`The earlier message ${id} (seq ${seq}) is accepted now.`),
    (error: unknown) => {
      if (error instanceof ClientError && error.code === 'closed') return;
      say(`The earlier message ${id} (seq ${seq}): ${failureOf(error).text}`);
    },
  );
}
