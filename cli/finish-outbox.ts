/** Finishing what earlier commands have left in the outbox, before listening. */
import { HomeError } from '../storage/client/home-error.ts';
import { connect, openDevice, tellOutcome } from './device.ts';
import { say } from './output.ts';
import { settlesWithin } from './within.ts';

/** The shortest time in which an empty outbox tells that it is settled. */
const momentMs = 1;

/**
 * Does nothing when another command sends just now: then that one finishes it.
 * @throws (rejects) ClientError when the server cannot be reached
 */
export async function finishOutbox(home: string, timeoutMs: number): Promise<void> {
  const client = await openDevice(home, 'send', 0).catch((error: unknown) => {
    if (error instanceof HomeError && error.code === 'role_taken') return null;
    throw error;
  });
  if (client === null) return;
  try {
    if (await settlesWithin(momentMs, client.settled())) return;
    client.pending().forEach(tellOutcome);
    await connect(client, timeoutMs);
    if (!(await settlesWithin(timeoutMs, client.settled())))
      say('The server does not take what waits in the outbox yet: the next command tries again.');
  } finally {
    await client.close();
  }
}
