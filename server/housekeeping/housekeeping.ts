/**
 * Regular work that nobody waits for: messages that have waited too long expire, a page of devices at a time, so that
 * a sweep of millions of devices never holds up a store. A store that is away or full is looked at again next time.
 */
import {
  Exit,
  self,
  sendAfter,
  type CastResult,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import { RequestError } from '../request-error.ts';
import { execute } from '../stores/execute.ts';

export interface HousekeepingArgument {
  readonly shards: number;
  readonly messageLifeMs: number;
  /** From the end of one sweep over all shards to the beginning of the next. */
  readonly sweepEveryMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface State extends HousekeepingArgument {
  shard: number;
  after: DeviceId | '';
}

const SWEEP = { kind: 'sweep' } as const;
const DEVICES_AT_ONCE = 200;
/** Between two pages of a sweep. */
const PAUSE_MS = 20;

export const housekeeping: GenServer<HousekeepingArgument, State, never, never, typeof SWEEP> = {
  init(argument): InitResult<State> {
    sendAfter(argument.sweepEveryMs, self(), SWEEP);
    return ['ok', { ...argument, shard: 0, after: '' }];
  },

  async handleInfo(message, state): Promise<CastResult<State>> {
    if (message.kind !== 'sweep') return ['noreply', state];
    sendAfter((await sweepPage(state)) ? PAUSE_MS : state.sweepEveryMs, self(), SWEEP);
    return ['noreply', state];
  },
};

/** @returns whether the sweep goes on */
async function sweepPage(state: State): Promise<boolean> {
  const next = await expirePage(state);
  if (next !== null) {
    state.after = next;
    return true;
  }
  state.after = '';
  state.shard = (state.shard + 1) % state.shards;
  return state.shard !== 0;
}

async function expirePage({ shard, after, messageLifeMs, now }: State): Promise<DeviceId | null> {
  try {
    const before = now() - messageLifeMs;
    const { next } = await execute(shard, {
      kind: 'expire',
      after,
      before,
      devices: DEVICES_AT_ONCE,
    });
    return next;
  } catch (error) {
    // The store is being restarted or has no room: its report says so, and this shard waits for the next sweep.
    if (error instanceof Exit || error instanceof RequestError) return null;
    throw error;
  }
}
