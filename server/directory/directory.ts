/**
 * The directory of an isolate: which session speaks for a device. A login claims `send`, `receive` or both; per device
 * and role the newest connection wins and the older session is told `replaced`.
 *
 * It is also who keeps the accounts and groups of *other* isolates up to date in the tables: what it asks of their
 * stores and what these tell of changes comes to one process in one order, so that an answer never overtakes a
 * change.
 */
import {
  demonitor,
  monitor,
  reply,
  send,
  serverName,
  type CastResult,
  type DownMessage,
  type From,
  type GenServer,
  type InitResult,
  type MonitorRef,
  type Pid,
  type Request,
} from '../../actors/index.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { ConnectionId } from '../gateway/port.ts';
import type { Command } from '../../storage/shard/contract.ts';
import type { Outcome } from '../stores/protocol.ts';
import { StorePort, type PortMessage } from '../stores/port.ts';
import { clearTables, publish, setSpeakingSessions } from './tables.ts';

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

/** From a store in another isolate: what a command has left. */
export interface Published {
  readonly kind: 'published';
  readonly command: Command;
  readonly outcome: Outcome;
}

export type DirectoryCast =
  | Claim
  | { readonly kind: 'device_removed'; readonly device: DeviceId }
  | Published
  /** From a store in another isolate that has just started: the one before it may have died before it could tell. */
  | { readonly kind: 'forget' };

/** Reads accounts and groups of a shard in another isolate into the tables. */
export type DirectoryCall = Request<
  'load',
  { readonly shard: number; readonly commands: readonly Command[] },
  'loaded'
>;

interface Holder extends Claim {
  readonly watch: MonitorRef;
}

interface State {
  readonly holders: Map<DeviceId, Holder[]>;
  readonly watches: Map<MonitorRef, Holder>;
  /** To the shards of other isolates. */
  readonly ports: Map<number, StorePort>;
}

export const directoryName = serverName<DirectoryCall, DirectoryCast>('directory');

export const directory: GenServer<
  undefined,
  State,
  DirectoryCall,
  DirectoryCast,
  DownMessage | PortMessage
> = {
  init(): InitResult<State> {
    clearTables();
    return ['ok', { holders: new Map(), watches: new Map(), ports: new Map() }];
  },

  handleCall({ shard, commands }, from, state) {
    load(state, shard, commands, from);
    return ['noreply', state];
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
      case 'published':
        publish(message.command, message.outcome);
        return ['noreply', state];
      case 'forget':
        clearTables();
        return ['noreply', state];
    }
  },

  handleInfo(message, state): CastResult<State> {
    if (message.kind === 'EXIT' || message.kind === 'timeout') return ['noreply', state];
    for (const port of state.ports.values()) if (port.handle(message)) return ['noreply', state];
    const holder = message.kind === 'DOWN' ? state.watches.get(message.ref) : undefined;
    if (holder !== undefined) release(state, holder);
    return ['noreply', state];
  },
};

function load(
  state: State,
  shard: number,
  commands: readonly Command[],
  from: From<'loaded'>,
): void {
  let port = state.ports.get(shard);
  if (port === undefined) {
    port = new StorePort(shard);
    state.ports.set(shard, port);
  }
  port.submitAll(
    commands,
    outcomes => {
      commands.forEach((command, i) => {
        publish(command, outcomes[i] as Outcome);
      });
      reply(from, 'loaded');
    },
    () => {
      throw new Error(
        'reading an account takes no room, yet the store refused it for want of room',
      );
    },
  );
}

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
