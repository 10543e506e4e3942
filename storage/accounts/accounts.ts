/** Accounts and their devices. */
import { limits } from '../../protocol/limits.ts';
import { deviceId, deviceNumber, userOf, type UserId } from '../../protocol/ids.ts';
import type { DeviceInfo } from '../../protocol/requests.ts';
import { closeMailbox } from '../mailboxes/expire.ts';
import type { Work } from '../shard/work.ts';
import type { Account, AccountCommands } from './contract.ts';
import { accounts, blocks, devices, type AccountRecord, type DeviceRecord } from './tables.ts';

type Of<K extends keyof AccountCommands> = AccountCommands[K];

export function readAccount(work: Work, user: UserId): Account | null {
  const record = work.tx.read(accounts, user);
  return record === undefined ? null : assemble(work, record);
}

export function register(
  work: Work,
  { user, key, at }: Of<'register'>['command'],
): Of<'register'>['outcome'] {
  const existing = work.tx.read(accounts, user);
  if (existing !== undefined) {
    const first = work.tx.read(devices, [user, 1]);
    const same = first?.removed === 0 && sameBytes(first.key, key);
    return same ? assemble(work, existing) : 'handle_taken';
  }
  const record = { user, version: 1, nextNumber: 2, createdAt: at };
  work.tx.write(accounts, record);
  work.tx.write(devices, {
    user,
    number: 1,
    key,
    addedBy: null,
    signature: null,
    addedAt: at,
    removed: 0,
  });
  return assemble(work, record);
}

export function addDevice(
  work: Work,
  { by, key, signature, at }: Of<'add_device'>['command'],
): Of<'add_device'>['outcome'] {
  const user = userOf(by);
  const record = work.tx.read(accounts, user);
  const all = devicesOf(work, user);
  const present = all.filter(device => device.removed === 0);
  const approver = present.find(device => device.number === deviceNumber(by));
  if (record === undefined || approver === undefined) return 'device_removed';
  if (present.some(device => sameBytes(device.key, key))) return assemble(work, record);
  if (present.length >= work.limits.devicesPerUser || all.length >= limits.devicesEver)
    return 'too_many_devices';
  work.tx.write(devices, {
    user,
    number: record.nextNumber,
    key,
    addedBy: approver.number,
    signature,
    addedAt: at,
    removed: 0,
  });
  const next = { ...record, version: record.version + 1, nextNumber: record.nextNumber + 1 };
  work.tx.write(accounts, next);
  return assemble(work, next);
}

export function removeDevice(
  work: Work,
  { device }: Of<'remove_device'>['command'],
): Of<'remove_device'>['outcome'] {
  const user = userOf(device);
  const account = work.tx.read(accounts, user);
  const record = work.tx.read(devices, [user, deviceNumber(device)]);
  if (account === undefined || record === undefined) return 'unknown_device';
  if (record.removed !== 0) return assemble(work, account);
  if (devicesOf(work, user).filter(other => other.removed === 0).length === 1) return 'last_device';
  work.tx.write(devices, { ...record, removed: 1 });
  closeMailbox(work, device);
  const next = { ...account, version: account.version + 1 };
  work.tx.write(accounts, next);
  return assemble(work, next);
}

export function setBlocked(
  work: Work,
  { user, other, blocked }: Of<'set_blocked'>['command'],
): Of<'set_blocked'>['outcome'] {
  const account = work.tx.read(accounts, user);
  if (account === undefined) return 'unknown_user';
  if (blocked) {
    const others = work.tx.range(blocks, [user], [user]).map(block => block.other);
    if (!others.includes(other) && others.length >= limits.blockedUsers) return 'block_list_full';
    work.tx.write(blocks, { user, other });
  } else work.tx.delete(blocks, [user, other]);
  return assemble(work, account);
}

const devicesOf = (work: Work, user: UserId): DeviceRecord[] =>
  work.tx.range(devices, [user], [user]);

function assemble(work: Work, { user, version }: AccountRecord): Account {
  const all = devicesOf(work, user);
  const id = (record: DeviceRecord) => deviceId(user, record.number);
  return {
    user,
    version,
    devices: all.filter(record => record.removed === 0).map(toInfo),
    removed: all.filter(record => record.removed !== 0).map(id),
    blocked: work.tx.range(blocks, [user], [user]).map(block => block.other),
  };
}

const toInfo = (record: DeviceRecord): DeviceInfo => ({
  device: deviceId(record.user, record.number),
  key: record.key,
  addedBy: record.addedBy === null ? null : deviceId(record.user, record.addedBy),
  signature: record.signature,
  addedAt: record.addedAt,
});

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
