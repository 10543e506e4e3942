/** `strowger device …`: an account's devices. A new one joins only with the signature of one that is in. */
import type { Command } from 'commander';
import { fingerprint } from '../../client/fingerprint.ts';
import { toBase64url } from '../../client/base64url.ts';
import { ClientError } from '../../client/errors.ts';
import { linkCode, readLinkCode } from '../../client/link-code.ts';
import { awaitApproval } from '../../client/registration.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { isDeviceId, userOf, type DeviceId, type UserId } from '../../protocol/ids.ts';
import type { DeviceInfo } from '../../protocol/requests.ts';
import { seconds, serverUrl, userName } from '../arguments.ts';
import { asSender } from '../device.ts';
import { CommandError } from '../failure.ts';
import { forgetRefusedHome, homeOption, unnamedHome } from '../home.ts';
import { noUser } from '../naming-unknown.ts';
import { print, printJson, say } from '../output.ts';
import { timeoutOption } from '../timeout-option.ts';

interface DeviceOptions {
  readonly home: string;
  readonly timeout: number;
}

interface LinkOptions extends DeviceOptions {
  readonly server: string;
  readonly handle: string;
}

/** Whoever approves sits at another device, and has to read the code there. */
const approvalTimeoutMs = 600_000;

export function defineDevice(device: Command): void {
  device
    .command('link')
    .description('make a home a further device: prints a code and waits for its approval')
    .requiredOption('--server <url>', 'where the server is', serverUrl)
    .requiredOption('--handle <name>', 'whose device it becomes')
    .addOption(homeOption())
    .addOption(
      timeoutOption()
        .argParser(seconds)
        .default(approvalTimeoutMs, String(approvalTimeoutMs / 1000)),
    )
    .action(link);
  device
    .command('approve')
    .description('let a new device in')
    .argument('<code>', 'what `device link` prints')
    .addOption(homeOption())
    .addOption(timeoutOption())
    .action(approve);
  device
    .command('list')
    .description('print the account’s devices, one a line')
    .option('--user <name>', 'somebody else’s')
    .addOption(homeOption())
    .addOption(timeoutOption())
    .action(list);
  device
    .command('remove')
    .description('remove a device: it cannot log in any more')
    .argument('<device>', 'its id, such as alice:2')
    .addOption(homeOption())
    .addOption(timeoutOption())
    .action(remove);
}

async function link({ server, handle, home, timeout }: LinkOptions): Promise<void> {
  const { store, identity, isNew } = await unnamedHome(nodeCrypto, home, server, handle);
  const code = linkCode({ user: identity.user, key: identity.publicKey });
  await print(code);
  say(`Now run \`strowger device approve ${code}\` with a home of ${identity.user}.`);
  const signal = AbortSignal.timeout(timeout);
  try {
    const named = await awaitApproval(identity, { signal, pollMs: 500 });
    await store.saveIdentity(named);
    await printJson({ user: named.user, device: named.device });
  } catch (error) {
    if (error === signal.reason) throw new CommandError('approval_timeout');
    if (isNew) forgetRefusedHome(home, error);
    throw error;
  }
}

async function approve(code: string, { home, timeout }: DeviceOptions): Promise<void> {
  readLinkCode(code);
  const device = await asSender(home, timeout, client => client.approve(code));
  await printJson({ device });
}

async function list({ home, timeout, user }: DeviceOptions & { user?: string }): Promise<void> {
  const devices = await asSender(home, timeout, async client => {
    const asked = user === undefined ? client.identity.user : userName(user);
    const { users } = await client.request('devices', { users: [asked] });
    const [answer] = users;
    if (answer === undefined) throw new ClientError('unknown_user', noUser([asked]));
    return answer.devices;
  });
  for (const info of devices) await printJson(shown(info));
}

const shown = ({ device, key, addedBy, addedAt }: DeviceInfo) => ({
  device,
  addedBy,
  addedAt,
  key: toBase64url(key),
  fingerprint: fingerprint(nodeCrypto, key),
});

async function remove(id: string, { home, timeout }: DeviceOptions): Promise<void> {
  if (!isDeviceId(id))
    throw new ClientError(
      'unknown_device',
      `${JSON.stringify(id)} is no device id: \`strowger device list\` prints them.`,
    );
  await asSender(home, timeout, client =>
    client.request('device_remove', { device: id }).catch((cause: unknown) => {
      if (!(cause instanceof ClientError) || cause.code !== 'unknown_device') throw cause;
      throw new ClientError('unknown_device', noDevice(id, client.identity.user), { cause });
    }),
  );
  await printJson({ device: id, removed: true });
}

const noDevice = (id: DeviceId, user: UserId): string =>
  userOf(id) === user
    ? `${user} has no device ${id}: \`strowger device list\` prints those there are.`
    : `${id} is not a device of ${user}: an account removes its own devices only.`;
