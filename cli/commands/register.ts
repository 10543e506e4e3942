/** `strowger register`: an account, with a new home as its first device. */
import type { Command } from 'commander';
import { register } from '../../client/registration.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { serverUrl } from '../arguments.ts';
import { forgetRefusedHome, homeOption, unnamedHome } from '../home.ts';
import { printJson } from '../output.ts';

interface RegisterOptions {
  readonly server: string;
  readonly handle: string;
  readonly invite?: string;
  readonly home: string;
}

export function defineRegister(command: Command): void {
  command
    .requiredOption('--server <url>', 'where the server is', serverUrl)
    .requiredOption('--handle <name>', 'the name others know you by')
    .option('--invite <code>', 'an invite code, where the server asks for one')
    .addOption(homeOption())
    .action(registerHome);
}

async function registerHome({ server, handle, invite, home }: RegisterOptions): Promise<void> {
  const { store, identity, isNew } = await unnamedHome(nodeCrypto, home, server, handle);
  try {
    const named = await register(nodeCrypto, identity, invite === undefined ? {} : { invite });
    await store.saveIdentity(named);
    await printJson({ user: named.user, device: named.device });
  } catch (error) {
    if (isNew) forgetRefusedHome(home, error);
    throw error;
  }
}
