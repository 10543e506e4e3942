/** Finishing what earlier commands have left in the outbox, before listening. */
import type { Client } from '../client/client.ts';
import { HomeError } from '../storage/client/home-error.ts';
import { openDevice, tellOutcome } from './device.ts';
import { say } from './output.ts';
import { settlesWithin } from './within.ts';

/** The shortest time in which an empty outbox tells that it is settled. */
const momentMs = 1;

/**
 * Does nothing when another command sends just now: then that one finishes it. Waits for the server as long as it takes.
 * @param timeoutMs for what it decides when it is there
 * @param onAway told when it is not, once
 * @throws (rejects) ClientError when the server will have this device no more
 */
export async function finishOutbox(
  home: string,
  timeoutMs: number,
  onAway: (message: string) => void,
): Promise<void> {
  const client = await openDevice(home, 'send', 0).catch((error: unknown) => {
    if (error instanceof HomeError && error.code === 'role_taken') return null;
    throw error;
  });
  if (client === null) return;
  try {
    if (await settlesWithin(momentMs, client.settled())) return;
    client.pending().forEach(tellOutcome);
    const status = tellFirstFailure(client, onAway);
    await client.connect({ keepTrying: true });
    if (!(await settlesWithin(timeoutMs, client.settled())))
      say('The server does not take what waits in the outbox yet: the next command tries again.');
    await client.close();
    await status;
  } finally {
    await client.close();
  }
}

async function tellFirstFailure(client: Client, tell: (message: string) => void): Promise<void> {
  let told = false;
  for await (const event of client.events()) {
    if (event.kind !== 'disconnected' || event.retryInMs === null || told) continue;
    told = true;
    tell(event.message);
  }
}
