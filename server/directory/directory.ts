/**
 * The directory of an isolate: which session speaks for a device (`speakers.ts`). A login claims `send`, `receive` or
 * both; per device and role the newest connection wins and the older session is told `replaced`.
 *
 * It is also who keeps the accounts and groups of *other* isolates up to date in the tables: what it asks of their
 * stores and what these tell of changes comes to one process in one order, so that an answer never overtakes a
 * change.
 */
import {
  cast,
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
  type Request,
} from '../../actors/index.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { Command } from '../../storage/shard/contract.ts';
import type { Outcome } from '../stores/protocol.ts';
import { StorePort, type PortMessage } from '../stores/port.ts';
import {
  clearSpeakers,
  enterSpeaker,
  removeSpeaker,
  speakersFor,
  type Speaker,
} from './speakers.ts';
import { clearTables, publish } from './tables.ts';

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
  /** From a session that has just entered itself: it is to be watched. */
  | { readonly kind: 'watch'; readonly speaker: Speaker }
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

interface State {
  readonly watches: Map<MonitorRef, Speaker>;
  /** To the shards of other isolates. */
  readonly ports: Map<number, StorePort>;
}

export const directoryName = serverName<DirectoryCall, DirectoryCast>('directory');

/**
 * The session speaks for its device from now on: at once, since the table is everybody's. Said by the session, so that
 * what it asks its store after this is asked when every commit finds it here.
 */
export function claim(wanted: Speaker): void {
  const older = enterSpeaker(wanted);
  if (older === null) {
    send(wanted.session, REPLACED);
    return;
  }
  for (const { session, connection } of older)
    // The session of the same connection that this one follows is dead already.
    if (connection !== wanted.connection) send(session, REPLACED);
  cast(directoryName, { kind: 'watch', speaker: wanted });
}

const REPLACED: Replaced = { kind: 'replaced' };

export const directory: GenServer<
  undefined,
  State,
  DirectoryCall,
  DirectoryCast,
  DownMessage | PortMessage
> = {
  init(): InitResult<State> {
    clearTables();
    clearSpeakers();
    return ['ok', { watches: new Map(), ports: new Map() }];
  },

  handleCall({ shard, commands }, from, state) {
    load(state, shard, commands, from);
    return ['noreply', state];
  },

  handleCast(message, state): CastResult<State> {
    switch (message.kind) {
      case 'watch':
        state.watches.set(monitor(message.speaker.session), message.speaker);
        return ['noreply', state];
      case 'device_removed':
        for (const { session } of speakersFor(message.device))
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
    const speaker = message.kind === 'DOWN' ? state.watches.get(message.ref) : undefined;
    if (message.kind === 'DOWN') state.watches.delete(message.ref);
    if (speaker !== undefined) removeSpeaker(speaker);
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
