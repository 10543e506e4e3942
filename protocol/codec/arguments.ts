import { limits } from '../limits.ts';
import { methods, type Argument, type Method } from '../requests.ts';
import {
  BadField,
  readBinary,
  readDevice,
  readGroup,
  readMap,
  readText,
  readUser,
  readUsers,
} from './fields.ts';

/**
 * The arguments of requests: msgpack maps, one shape per method. Keys that a method does not have are ignored.
 * They are encoded as they are.
 */

export function readMethod(value: unknown): Method {
  const method = methods.find(method => method === value);
  if (method === undefined)
    throw new BadField('unknown_method', 'method', 'There is no request of this name.');
  return method;
}

type Readers = {
  readonly [M in Method]: (map: Readonly<Record<string, unknown>>) => Argument<M>;
};

const group = (map: Readonly<Record<string, unknown>>) => ({
  group: readGroup(map['group'], 'argument.group'),
});
const user = (map: Readonly<Record<string, unknown>>) => ({
  user: readUser(map['user'], 'argument.user'),
});
const groupAndUsers = (map: Readonly<Record<string, unknown>>) => ({
  group: readGroup(map['group'], 'argument.group'),
  users: readUsers(map['users'], 'argument.users', limits.membersPerGroup),
});

const readers: Readers = {
  devices: map => ({ users: readUsers(map['users'], 'argument.users', limits.usersPerRequest) }),
  device_approve: map => ({
    key: readBinary(map['key'], 'argument.key', 32, 32),
    signature: readBinary(map['signature'], 'argument.signature', 64, 64),
  }),
  device_remove: map => ({ device: readDevice(map['device'], 'argument.device') }),
  block: user,
  unblock: user,
  group_create: map => ({
    group: readGroup(map['group'], 'argument.group'),
    name: readText(map['name'], 'argument.name', limits.groupNameCharacters),
    members: readUsers(map['members'], 'argument.members', limits.membersPerGroup),
  }),
  group_add: groupAndUsers,
  group_remove: groupAndUsers,
  group_leave: group,
  group_info: group,
  group_receipts: group,
};

export const readArgument = (method: Method, value: unknown): Argument<Method> =>
  readers[method](readMap(value, 'argument'));
