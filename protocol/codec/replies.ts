import { limits } from '../limits.ts';
import type {
  DeviceInfo,
  GroupInfo,
  MemberReceipt,
  Method,
  Reply,
  UserDevices,
} from '../requests.ts';
import {
  readArray,
  readBinary,
  readDevice,
  readFlag,
  readGroup,
  readInteger,
  readMap,
  readOptional,
  readText,
  readUser,
} from './fields.ts';
import { integer } from './msgpack.ts';

/** The answers to requests: msgpack maps, one shape per method. Keys that a method does not have are ignored. */

/** A reply's value with its integers as `pack` takes them. */
export function writeReply(value: unknown): unknown {
  if (typeof value === 'number') return integer(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(writeReply);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, writeReply(inner)]));
}

type Readers = {
  readonly [M in Method]: (map: Readonly<Record<string, unknown>>) => Reply<M>;
};

const nothing = (): Record<string, never> => ({});

const readers: Readers = {
  devices: map => ({
    users: readArray(map['users'], 'value.users', limits.usersPerRequest).map(readUserDevices),
  }),
  device_approve: map => ({ device: readDevice(map['device'], 'value.device') }),
  device_remove: map => ({ version: readInteger(map['version'], 'value.version') }),
  block: nothing,
  unblock: nothing,
  group_create: readGroupInfo,
  group_add: readGroupInfo,
  group_remove: readGroupInfo,
  group_leave: nothing,
  group_info: readGroupInfo,
  group_receipts: map => ({
    members: readArray(
      map['members'],
      'value.members',
      limits.membersPerGroup * limits.devicesPerUser,
    ).map(readMemberReceipt),
  }),
};

export const readReply = (method: Method, value: unknown): Reply<Method> =>
  readers[method](readMap(value, 'value'));

function readUserDevices(value: unknown): UserDevices {
  const map = readMap(value, 'value.users');
  return {
    user: readUser(map['user'], 'value.users.user'),
    version: readInteger(map['version'], 'value.users.version'),
    devices: readArray(map['devices'], 'value.users.devices', limits.devicesPerUser).map(
      readDeviceInfo,
    ),
  };
}

function readDeviceInfo(value: unknown): DeviceInfo {
  const field = 'value.users.devices';
  const map = readMap(value, field);
  return {
    device: readDevice(map['device'], `${field}.device`),
    key: readBinary(map['key'], `${field}.key`, 32, 32),
    addedBy: readOptional(map['addedBy'], device => readDevice(device, `${field}.addedBy`)) ?? null,
    signature:
      readOptional(map['signature'], bytes => readBinary(bytes, `${field}.signature`, 64, 64)) ??
      null,
    addedAt: readInteger(map['addedAt'], `${field}.addedAt`),
  };
}

function readGroupInfo(map: Readonly<Record<string, unknown>>): GroupInfo {
  return {
    group: readGroup(map['group'], 'value.group'),
    name: readText(map['name'], 'value.name', limits.groupNameCharacters),
    version: readInteger(map['version'], 'value.version'),
    members: readArray(map['members'], 'value.members', limits.membersPerGroup).map(value => {
      const member = readMap(value, 'value.members');
      return {
        user: readUser(member['user'], 'value.members.user'),
        admin: readFlag(member['admin'], 'value.members.admin'),
      };
    }),
  };
}

function readMemberReceipt(value: unknown): MemberReceipt {
  const map = readMap(value, 'value.members');
  return {
    device: readDevice(map['device'], 'value.members.device'),
    delivered: readInteger(map['delivered'], 'value.members.delivered'),
    read: readInteger(map['read'], 'value.members.read'),
  };
}
