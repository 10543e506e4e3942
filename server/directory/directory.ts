/**
 * The directory: which session speaks for a device. A login claims `send`, `receive` or both; per device and role the
 * newest connection wins and the older session is told `replaced`. Processes are found by their registered names.
 */
import {
  demonitor,
  monitor,
  send,
  serverName,
  type CastResult,
  type DownMessage,
  type GenServer,
  type InitResult,
  type MonitorRef,
  type Pid,
} from '../../actors/index.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { ConnectionId } from '../gateway/port.ts';
import { clearTables, setSpeakingSessions } from './tables.ts';

/** A session's claim. `connection` tells older from newer. */
export interface Claim {
  readonly kind: 'claim';
  readonly device: DeviceId;
  /** Bits of the protocol's roles. */
  readonly roles: number;
  readonly connection: ConnectionId;
  readonly session: Pid;
}

/** To a session: it no longer speaks for its device. */
export interface Replaced {
  readonly kind: 'replaced';
}

/** To every session of a device that was removed. */
export interface Removed {
  readonly kind: 'device_removed';
}

export type DirectoryCast = Claim | { readonly kind: 'device_removed'; readonly device: DeviceId };

interface Holder extends Claim {
  readonly watch: MonitorRef;
}

interface State {
  readonly holders: Map<DeviceId, Holder[]>;
  readonly watches: Map<MonitorRef, Holder>;
}

export const directoryName = serverName<never, DirectoryCast>('directory');

export const directory: GenServer<undefined, State, never, DirectoryCast, DownMessage> = {
  init(): InitResult<State> {
    clearTables();
    return ['ok', { holders: new Map(), watches: new Map() }];
  },

  handleCast(message, state): CastResult<State> {
    switch (message.kind) {
      case 'claim':
        claim(state, message);
        return ['noreply', state];
      case 'device_removed':
        for (const { session } of state.holders.get(message.device) ?? [])
          send(session, { kind: 'device_removed' } satisfies Removed);
        return ['noreply', state];
    }
  },

  handleInfo(message, state): CastResult<State> {
    if (message.kind === 'DOWN') {
      const holder = state.watches.get(message.ref);
      if (holder !== undefined) release(state, holder);
    }
    return ['noreply', state];
  },
};

function claim(state: State, wanted: Claim): void {
  const others = (state.holders.get(wanted.device) ?? []).filter(
    holder => (holder.roles & wanted.roles) !== 0 && holder.session !== wanted.session,
  );
  if (others.some(holder => holder.connection > wanted.connection)) {
    send(wanted.session, { kind: 'replaced' } satisfies Replaced);
    return;
  }
  for (const holder of others) {
    release(state, holder);
    // The session of the same connection that this one follows is dead already.
    if (holder.connection !== wanted.connection)
      send(holder.session, { kind: 'replaced' } satisfies Replaced);
  }
  const holder = { ...wanted, watch: monitor(wanted.session) };
  state.watches.set(holder.watch, holder);
  setSpeakingSessions(state.watches.size);
  state.holders.set(wanted.device, [...(state.holders.get(wanted.device) ?? []), holder]);
}

function release(state: State, holder: Holder): void {
  demonitor(holder.watch, { flush: true });
  state.watches.delete(holder.watch);
  setSpeakingSessions(state.watches.size);
  const left = (state.holders.get(holder.device) ?? []).filter(other => other !== holder);
  if (left.length === 0) state.holders.delete(holder.device);
  else state.holders.set(holder.device, left);
}
