/** From a request's method to what answers it. */
import type { RequestHandlers } from '../contract.ts';
import { deviceApprove, deviceRemove, devices, setBlocked } from './devices.ts';
import { changeGroup, groupInfo, groupReceipts } from './groups.ts';

export const requestHandlers: RequestHandlers = {
  devices,
  device_approve: deviceApprove,
  device_remove: deviceRemove,
  block: (context, { user }) => setBlocked(context, user, true),
  unblock: (context, { user }) => setBlocked(context, user, false),
  group_create: (context, { group, name, members }) =>
    changeGroup(context, group, { kind: 'create', name, users: members }),
  group_add: (context, { group, users }) => changeGroup(context, group, { kind: 'add', users }),
  group_remove: (context, { group, users }) =>
    changeGroup(context, group, { kind: 'remove', users }),
  group_leave: async (context, { group }) => {
    await changeGroup(context, group, { kind: 'leave' });
    return {};
  },
  group_info: groupInfo,
  group_receipts: groupReceipts,
};
