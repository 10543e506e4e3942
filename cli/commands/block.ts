/** `strowger block` and `strowger unblock`: whose messages the server refuses for this account. */
import type { Command } from 'commander';
import { userName } from '../arguments.ts';
import { asSender } from '../device.ts';
import { homeOption } from '../home.ts';
import { namingUnknown } from '../naming-unknown.ts';
import { printJson } from '../output.ts';
import { timeoutOption } from '../timeout-option.ts';

export const defineBlock = (command: Command): void => define(command, 'block');
export const defineUnblock = (command: Command): void => define(command, 'unblock');

function define(command: Command, method: 'block' | 'unblock'): void {
  command
    .argument('<name>', 'the user')
    .addOption(homeOption())
    .addOption(timeoutOption())
    .action(async (name: string, { home, timeout }: { home: string; timeout: number }) => {
      const user = userName(name);
      await asSender(home, timeout, client =>
        namingUnknown(client, [user], client.request(method, { user })),
      );
      await printJson({ user, blocked: method === 'block' });
    });
}
