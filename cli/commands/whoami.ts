/** `strowger whoami`: whose device a home is. Asks no server. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { toBase64url } from '../../client/base64url.ts';
import { fingerprint } from '../../client/fingerprint.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { openHome } from '../../storage/client/home.ts';
import { homeOption } from '../home.ts';
import { printJson } from '../output.ts';

export function defineWhoami(command: Command): void {
  command.addOption(homeOption()).action(async ({ home }: { home: string }) => {
    const { user, device, server, publicKey, retired } = await openHome(home).identity();
    await printJson({
      user,
      device,
      server,
      home: resolve(home),
      key: toBase64url(publicKey),
      fingerprint: fingerprint(nodeCrypto, publicKey),
      retired,
    });
  });
}
