/**
 * Starts the processes of its isolate that others ask for: a session for a socket of the gateway, a group's process
 * for who wants the group changed. It waits for none of them, so that one that is slow holds nobody up.
 */
import {
  call,
  Exit,
  reply,
  send,
  type CallResult,
  type CastResult,
  type GenServer,
  type InitResult,
  type Pid,
} from '../../actors/index.ts';
import type { GroupId, UserId } from '../../protocol/ids.ts';
import type { StartChildResult } from '../../supervisors/index.ts';
import type { Opening } from '../gateway/port.ts';
import type { GroupAnswer, GroupChange, GroupPid } from '../groups/protocol.ts';
import type { OpenSession, ReceptionCall } from './protocol.ts';

export interface ReceptionArgument {
  readonly openSession: (opening: Opening) => Promise<StartChildResult>;
  readonly groupOf: (group: GroupId) => Promise<Pid>;
}

export const reception: GenServer<
  ReceptionArgument,
  ReceptionArgument,
  ReceptionCall,
  OpenSession
> = {
  init(argument): InitResult<ReceptionArgument> {
    return ['ok', argument];
  },

  handleCast({ opening }, state): CastResult<ReceptionArgument> {
    void state.openSession(opening).then(
      ([result]) => {
        if (result !== 'ok') sayFailed(opening);
      },
      // The supervisor of sessions is being restarted: the gateway asks again.
      unlessExit,
    );
    return ['noreply', state];
  },

  handleCall({ group, by, change }, from, state): CallResult<GroupAnswer, ReceptionArgument> {
    void changeGroup(state, group, by, change).then(answer => {
      reply(from, answer);
    });
    return ['noreply', state];
  },
};

/** A group that dies over it, or cannot be started, answers `unavailable`: its client asks again. */
async function changeGroup(
  { groupOf }: ReceptionArgument,
  group: GroupId,
  by: UserId,
  change: GroupChange,
): Promise<GroupAnswer> {
  try {
    return await call((await groupOf(group)) as GroupPid, { kind: 'change', by, change });
  } catch (error) {
    unlessExit(error);
    return { error: 'unavailable' };
  }
}

/** The next one costs the connection a part of its budget. */
function sayFailed({ gateway, connection }: Opening): void {
  send(gateway, { kind: 'session_failed', connection });
}

function unlessExit(error: unknown): void {
  if (!(error instanceof Exit)) throw error;
}
