/** Requests about accounts and their devices. */
import { cast } from '../../../actors/index.ts';
import { nodeCrypto } from '../../../protocol/crypto/node.ts';
import { userOf, type UserId } from '../../../protocol/ids.ts';
import type { Argument, Reply, UserDevices } from '../../../protocol/requests.ts';
import { shardOf } from '../../../protocol/shard.ts';
import { approvalBytes } from '../../../protocol/signing.ts';
import type { Account } from '../../../storage/accounts/contract.ts';
import { directoryName } from '../../directory/directory.ts';
import { RequestError } from '../../request-error.ts';
import { execute, findAccount } from '../../stores/execute.ts';
import type { RequestContext } from './context.ts';

export async function devices(
  { shards }: RequestContext,
  { users }: Argument<'devices'>,
): Promise<Reply<'devices'>> {
  const found = await Promise.all(users.map(user => findAccount(user, shards)));
  return { users: found.filter(account => account !== null).map(toUserDevices) };
}

const toUserDevices = ({ user, version, devices }: Account): UserDevices => ({
  user,
  version,
  devices,
});

export async function deviceApprove(
  context: RequestContext,
  { key, signature }: Argument<'device_approve'>,
): Promise<Reply<'device_approve'>> {
  const { device, user, shards } = context;
  const account = await findAccount(user, shards);
  const approver = account?.devices.find(info => info.device === device);
  if (approver === undefined) throw new RequestError('device_removed');
  if (!nodeCrypto.verify(approver.key, approvalBytes(user, key), signature))
    throw new RequestError('bad_signature', 'signature');
  const at = Date.now();
  const outcome = await execute(shardOf(user, shards), {
    kind: 'add_device',
    by: device,
    key,
    signature,
    at,
  });
  if (typeof outcome === 'string') throw new RequestError(outcome);
  const added = outcome.devices.find(info => Buffer.compare(info.key, key) === 0);
  if (added === undefined) throw new RequestError('internal');
  return { device: added.device };
}

export async function deviceRemove(
  { user, shards }: RequestContext,
  { device }: Argument<'device_remove'>,
): Promise<Reply<'device_remove'>> {
  if (userOf(device) !== user) throw new RequestError('unknown_device', 'device');
  const outcome = await execute(shardOf(user, shards), { kind: 'remove_device', device });
  if (typeof outcome === 'string') throw new RequestError(outcome, 'device');
  cast(directoryName, { kind: 'device_removed', device });
  return { version: outcome.version };
}

export async function setBlocked(
  { user, shards }: RequestContext,
  other: UserId,
  blocked: boolean,
): Promise<Record<string, never>> {
  if (other === user) throw new RequestError('bad_field', 'user');
  if ((await findAccount(other, shards)) === null) throw new RequestError('unknown_user', 'user');
  const outcome = await execute(shardOf(user, shards), {
    kind: 'set_blocked',
    user,
    other,
    blocked,
  });
  if (typeof outcome === 'string') throw new RequestError(outcome);
  return {};
}
