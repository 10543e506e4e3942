/** Whom a send reaches, by the accounts and groups as they are committed now. */
import type { DeviceId, GroupId, UserId } from '../../protocol/ids.ts';
import type { Addressing, DirectAddressing, GroupAddressing } from '../../protocol/packets.ts';
import type { DeviceList, Refusal } from '../../protocol/refusal.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import { accountOf, groupOf } from '../directory/tables.ts';

export type Resolution =
  | { readonly kind: 'targets'; readonly targets: readonly DeviceId[] }
  | { readonly kind: 'refuse'; readonly why: Refusal }
  /** These must be loaded first. */
  | { readonly kind: 'load'; readonly users: readonly UserId[]; readonly group: GroupId | null };

export function resolve(me: DeviceId, own: Account, to: Addressing): Resolution {
  if (to.kind === 'group') return resolveGroup(me, own, to);
  const targets = resolveUsual(me, own, to);
  return targets === null ? resolveDirect(me, own, to) : { kind: 'targets', targets };
}

/**
 * Nearly every send: to one other user, and both accounts are as the sender knows them. It makes nothing but the list
 * of targets; null when there is anything to say or to load.
 */
function resolveUsual(me: DeviceId, own: Account, to: DirectAddressing): DeviceId[] | null {
  const [first] = to.users;
  if (first === undefined || to.users.length > 1 || own.version !== to.own) return null;
  const [user, version] = first;
  const other = accountOf(user);
  if (other === undefined || other === null || other.version !== version) return null;
  if (user === own.user) return null;
  if (other.blocked.includes(own.user)) return null;

  const targets = other.devices.map(idOf);
  if (own.devices.length > 1)
    for (const { device } of own.devices) if (device !== me) targets.push(device);
  return targets;
}

const idOf = ({ device }: { readonly device: DeviceId }): DeviceId => device;

function resolveDirect(me: DeviceId, own: Account, to: DirectAddressing): Resolution {
  const found: Account[] = [];
  const missing: UserId[] = [];
  for (const [user] of to.users) {
    const account = accountOf(user);
    if (account === undefined) missing.push(user);
    else if (account === null) return { kind: 'refuse', why: { code: 'unknown_user', user } };
    else found.push(account);
  }
  if (missing.length > 0) return { kind: 'load', users: missing, group: null };

  const blocking = found.find(account => account.blocked.includes(own.user));
  if (blocking !== undefined)
    return { kind: 'refuse', why: { code: 'blocked', user: blocking.user } };

  const stale = found.filter((account, i) => account.version !== to.users[i]?.[1]);
  if (own.version !== to.own) stale.unshift(own);
  if (stale.length > 0)
    return { kind: 'refuse', why: { code: 'stale_devices', lists: stale.map(listOf) } };
  return { kind: 'targets', targets: targetsOf(me, [own, ...found]) };
}

function resolveGroup(me: DeviceId, own: Account, to: GroupAddressing): Resolution {
  const group = groupOf(to.group);
  if (group === undefined) return { kind: 'load', users: [], group: to.group };
  if (group === null) return { kind: 'refuse', why: { code: 'unknown_group', group: to.group } };
  if (!group.members.some(member => member.user === own.user))
    return { kind: 'refuse', why: { code: 'not_member', group: to.group } };
  if (group.version !== to.version)
    return {
      kind: 'refuse',
      why: { code: 'stale_group', group: to.group, version: group.version },
    };
  // A member stands in the list once, so its devices do: no set of a thousand ids is needed for each message.
  const targets: DeviceId[] = [];
  const missing: UserId[] = [];
  for (const { user } of group.members) {
    const account = accountOf(user);
    if (account === undefined) missing.push(user);
    else if (account !== null)
      for (const { device } of account.devices) if (device !== me) targets.push(device);
  }
  if (missing.length > 0) return { kind: 'load', users: missing, group: null };
  return { kind: 'targets', targets };
}

/** Every device of these accounts, each once, but the sending one. */
function targetsOf(me: DeviceId, accounts: readonly Account[]): DeviceId[] {
  const targets = new Set<DeviceId>();
  for (const account of accounts) for (const { device } of account.devices) targets.add(device);
  targets.delete(me);
  return [...targets];
}

const listOf = (account: Account): DeviceList => ({
  user: account.user,
  version: account.version,
  devices: account.devices.map(idOf),
});
