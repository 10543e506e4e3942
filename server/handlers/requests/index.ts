/** From a request's method to what answers it. */
import type { RequestPacket } from '../../../protocol/packets.ts';
import type { Method, Reply } from '../../../protocol/requests.ts';
import type { RequestContext } from './context.ts';
import { deviceApprove, deviceRemove, devices, setBlocked } from './devices.ts';
import { changeGroup, groupInfo, groupReceipts } from './groups.ts';

/** @throws RequestError for what is answered with an `error` packet; Exit when a process that was asked has died */
export async function answerRequest(
  context: RequestContext,
  packet: RequestPacket,
): Promise<Reply<Method>> {
  switch (packet.method) {
    case 'devices':
      return devices(context, packet.argument);
    case 'device_approve':
      return deviceApprove(context, packet.argument);
    case 'device_remove':
      return deviceRemove(context, packet.argument);
    case 'block':
      return setBlocked(context, packet.argument.user, true);
    case 'unblock':
      return setBlocked(context, packet.argument.user, false);
    case 'group_create': {
      const { group, name, members } = packet.argument;
      return changeGroup(context, group, { kind: 'create', name, users: members });
    }
    case 'group_add': {
      const { group, users } = packet.argument;
      return changeGroup(context, group, { kind: 'add', users });
    }
    case 'group_remove': {
      const { group, users } = packet.argument;
      return changeGroup(context, group, { kind: 'remove', users });
    }
    case 'group_leave':
      await changeGroup(context, packet.argument.group, { kind: 'leave' });
      return {};
    case 'group_info':
      return groupInfo(context, packet.argument);
    case 'group_receipts':
      return groupReceipts(context, packet.argument);
  }
}
