import { limits } from '../limits.ts';
import type { DeviceList, Refusal } from '../refusal.ts';
import {
  readArray,
  readDevice,
  readGroup,
  readInteger,
  readUser,
  unknownVariant,
} from './fields.ts';
import { integer } from './msgpack.ts';

/** Why a send was refused: `[code, …]`, in `rejected` and `state`. */

export function writeRefusal(why: Refusal): unknown[] {
  switch (why.code) {
    case 'unknown_user':
    case 'blocked':
    case 'mailbox_full':
      return [why.code, why.user];
    case 'unknown_group':
    case 'not_member':
      return [why.code, why.group];
    case 'stale_group':
      return [why.code, why.group, integer(why.version)];
    case 'stale_devices':
      return [why.code, why.lists.map(list => [list.user, integer(list.version), list.devices])];
  }
}

export function readRefusal(value: unknown, field: string): Refusal {
  const array = readArray(value, field);
  const code = array[0];
  switch (code) {
    case 'unknown_user':
    case 'blocked':
    case 'mailbox_full':
      return { code, user: readUser(array[1], `${field}.user`) };
    case 'unknown_group':
    case 'not_member':
      return { code, group: readGroup(array[1], `${field}.group`) };
    case 'stale_group':
      return {
        code,
        group: readGroup(array[1], `${field}.group`),
        version: readInteger(array[2], `${field}.version`),
      };
    case 'stale_devices':
      return {
        code,
        // Those of the recipients, and the own one.
        lists: readArray(array[1], `${field}.lists`, limits.recipientsPerSend + 1).map(list =>
          readDeviceList(list, `${field}.lists`),
        ),
      };
    default:
      throw unknownVariant(field, 'the code of a refusal');
  }
}

function readDeviceList(value: unknown, field: string): DeviceList {
  const array = readArray(value, field);
  return {
    user: readUser(array[0], `${field}.user`),
    version: readInteger(array[1], `${field}.version`),
    devices: readArray(array[2], `${field}.devices`, limits.devicesPerUser).map(device =>
      readDevice(device, `${field}.devices`),
    ),
  };
}
