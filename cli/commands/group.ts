/** `strowger group …`: groups are changed by requests to the server, which tells all members. */
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { groupId } from '../../protocol/ids.ts';
import { groupName, groupTitle, userNames } from '../arguments.ts';
import { asSender } from '../device.ts';
import { homeOption } from '../home.ts';
import { printJson } from '../output.ts';
import { namingUnknown } from '../naming-unknown.ts';
import { timeoutOption } from '../timeout-option.ts';

interface DeviceOptions {
  readonly home: string;
  readonly timeout: number;
}

export function defineGroup(group: Command): void {
  const withHome = (command: Command): Command =>
    command.addOption(homeOption()).addOption(timeoutOption());

  withHome(group.command('create'))
    .description('create a group; prints it with its id')
    .requiredOption('--name <name>', 'what the group is called', groupTitle)
    .option('--members <names>', 'NAME[,NAME…] besides yourself')
    .action((options: DeviceOptions & { name: string; members?: string }) => {
      const members = options.members === undefined ? [] : userNames(options.members);
      const id = groupId(nodeCrypto.randomBytes(16));
      const create = { group: id, name: options.name, members };
      return ask(options, client =>
        namingUnknown(client, members, client.request('group_create', create)),
      );
    });
  withHome(group.command('add'))
    .description('add members')
    .argument('<group>', 'the group’s id')
    .argument('<names>', 'NAME[,NAME…]')
    .action((id: string, names: string, options: DeviceOptions) => {
      const change = { group: groupName(id), users: userNames(names) };
      return ask(options, client =>
        namingUnknown(client, change.users, client.request('group_add', change)),
      );
    });
  withHome(group.command('remove'))
    .description('remove members')
    .argument('<group>', 'the group’s id')
    .argument('<names>', 'NAME[,NAME…]')
    .action((id: string, names: string, options: DeviceOptions) => {
      const change = { group: groupName(id), users: userNames(names) };
      return ask(options, client => client.request('group_remove', change));
    });
  withHome(group.command('leave'))
    .description('leave a group')
    .argument('<group>', 'the group’s id')
    .action((id: string, options: DeviceOptions) => {
      const left = groupName(id);
      return ask(options, async client => {
        await client.request('group_leave', { group: left });
        return { group: left, left: true };
      });
    });
  withHome(group.command('info'))
    .description('tell a group’s name, version and members')
    .argument('<group>', 'the group’s id')
    .action((id: string, options: DeviceOptions) => {
      const asked = groupName(id);
      return ask(options, client => client.request('group_info', { group: asked }));
    });
}

async function ask(
  { home, timeout }: DeviceOptions,
  request: (client: Client) => Promise<object>,
): Promise<void> {
  await printJson(await asSender(home, timeout, request));
}
