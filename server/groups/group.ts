/**
 * The process of an active group: the only one that changes its members. It keeps the group as it was committed last
 * and stops when nothing has been asked of it for a while. A send does not pass through it: the sender's shard
 * checks the version that the send was made for.
 */
import type {
  CallResult,
  CastResult,
  GenServer,
  InitResult,
  SystemInfoMessage,
} from '../../actors/index.ts';
import type { GroupId, UserId } from '../../protocol/ids.ts';
import { shardOf } from '../../protocol/shard.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import type { Group } from '../../storage/groups/contract.ts';
import type { ShardReleased } from '../isolates/protocol.ts';
import { RequestError } from '../request-error.ts';
import { execute, findAccount } from '../stores/execute.ts';
import { nextGroup } from './membership.ts';
import type { GroupAnswer, GroupCall } from './protocol.ts';

export interface GroupArgument {
  readonly group: GroupId;
  readonly shards: number;
  /** See limits.membersPerGroup. */
  readonly maxMembers?: number;
  /** How long it stays without a request. */
  readonly passivateMs: number;
}

interface State extends GroupArgument {
  current: Group | null;
}

type Info = SystemInfoMessage | ShardReleased;

export const group: GenServer<GroupArgument, State, GroupCall, never, Info> = {
  async init(argument): Promise<InitResult<State>> {
    const shard = shardOf(argument.group, argument.shards);
    const current = await execute(shard, { kind: 'group', group: argument.group });
    return ['ok', { ...argument, current }, argument.passivateMs];
  },

  async handleCall({ by, change }, _from, state): Promise<CallResult<GroupAnswer, State>> {
    const at = Date.now();
    const answered = (answer: GroupAnswer): CallResult<GroupAnswer, State> => [
      'reply',
      answer,
      state,
      state.passivateMs,
    ];
    const next = nextGroup(state.group, state.current, by, change, at, state.maxMembers);
    if (next.kind === 'error') return answered(next);
    if (next.kind === 'same') return answered({ group: next.group });
    try {
      const told = [...(state.current?.members ?? []), ...next.group.members];
      const accounts = await findAll(
        told.map(member => member.user),
        state.shards,
      );
      state.current = await execute(shardOf(state.group, state.shards), {
        kind: 'put_group',
        next: next.group,
        expected: state.current?.version ?? 0,
        event: next.event,
        by,
        users: next.users,
        at,
        devices: accounts.flatMap(account => account.devices.map(({ device }) => device)),
      });
      return answered({ group: state.current });
    } catch (error) {
      if (error instanceof RequestError) return answered(refusal(error.details));
      throw error;
    }
  },

  handleInfo(message, state): CastResult<State> {
    if (message.kind === 'shard_released' && message.shard === shardOf(state.group, state.shards))
      return ['stop', 'shutdown', state];
    return message.kind === 'timeout'
      ? ['stop', 'normal', state]
      : ['noreply', state, state.passivateMs];
  },
};

const refusal = ({ code, field }: RequestError['details']): GroupAnswer =>
  field === undefined ? { error: code } : { error: code, field };

/** Every account once. @throws RequestError `unknown_user` when one is none */
async function findAll(users: readonly UserId[], shards: number): Promise<Account[]> {
  return Promise.all(
    [...new Set(users)].map(async user => {
      const account = await findAccount(user, shards);
      if (account === null) throw new RequestError('unknown_user', 'users');
      return account;
    }),
  );
}
