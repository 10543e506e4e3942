/** `strowger send`: one message, done when the server has it durably. */
import type { Command } from 'commander';
import { ClientError, RefusedError } from '../../client/errors.ts';
import type { AcceptedSend, PendingSend } from '../../client/pending-send.ts';
import { recipients } from '../arguments.ts';
import { asSender } from '../device.ts';
import { CommandError } from '../failure.ts';
import { homeOption } from '../home.ts';
import { readBody } from '../message-body.ts';
import { printJson } from '../output.ts';
import { timeoutOption } from '../timeout-option.ts';
import { within } from '../within.ts';

interface SendOptions {
  readonly home: string;
  readonly to: string;
  readonly body?: string;
  readonly timeout: number;
}

export function defineSend(command: Command): void {
  command
    .requiredOption('--to <names>', 'NAME[,NAME…], or group:ID')
    .option('--body <text>', 'the message; without it standard input is, as text or as bytes')
    .addOption(homeOption())
    .addOption(timeoutOption())
    .action(send);
}

async function send({ home, to, body, timeout }: SendOptions): Promise<void> {
  const message = {
    ...recipients(to),
    ...(body === undefined ? await readBody(process.stdin) : { text: body }),
  };
  const { id, seq, acceptedAt } = await asSender(home, timeout, async (client, remainingMs) => {
    const sent = client.send(message);
    return { id: sent.id, seq: sent.seq, ...(await accepted(sent, remainingMs())) };
  });
  await printJson({ id, seq, acceptedAt });
}

/** @throws (rejects) the server's refusal, else CommandError `pending` */
async function accepted(sent: PendingSend, timeoutMs: number): Promise<AcceptedSend> {
  try {
    return await within(timeoutMs, sent.accepted, () => new CommandError('pending'));
  } catch (error) {
    if (!(error instanceof ClientError) || error instanceof RefusedError) throw error;
    // The client has ended: the message is in the outbox, unless even that could not be written.
    if (error.code === 'store_failed' || error.code === 'retired') throw error;
    throw new CommandError('pending', undefined, { cause: error });
  }
}
