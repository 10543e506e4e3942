/**
 * Carries what one shard has for another. The source's store hands over what it has just committed; it waits here until
 * the target's store has acknowledged it, and only then leaves the source. Everything is in the two stores besides, so
 * a link may die at any time: the next one reads from the source what is not acknowledged, and the target's watermark
 * drops what comes twice.
 *
 * In memory are at most {@link backlogLimits}.memoryBytes of segments, and at the target's store at most the window of
 * them per link; what is more waits on the source's disk, which bounds it: when that is full, sends are not taken.
 */
import {
  sendAfter,
  self,
  type CastResult,
  type DownMessage,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import { StorePort, type PortMessage } from '../stores/port.ts';
import { Backlog, type BacklogLimits } from './backlog.ts';
import { FarStore, type Arrival } from './far-store.ts';
import type { Linked } from './protocol.ts';

export interface LinkArgument {
  readonly source: number;
  readonly target: number;
  readonly limits?: BacklogLimits;
}

interface State {
  readonly source: StorePort<State>;
  readonly target: FarStore;
  readonly backlog: Backlog;
  /** The read that is under way, by what was wanted. */
  reading: object | undefined;
  /** Waits before it sends again. */
  pausing: boolean;
  /** What the target has acknowledged, and what the source was told of it. */
  acked: number;
  trimmed: number;
  trimming: boolean;
  trimTimer: boolean;
}

/** A timer's word. */
interface Due {
  readonly kind: 'resume' | 'trim';
}

/** The window is what the target's store takes in with one commit under load, several times. */
export const backlogLimits: BacklogLimits = {
  memoryBytes: 8 * 1024 * 1024,
  windowBytes: 4 * 1024 * 1024,
  windowSegments: 64,
  // Longer reading would hold up the store's other work.
  readBytes: 1024 * 1024,
};
/** When there is no room, or rows are missing. */
const RETRY_MS = 500;
/** How often a store that is being restarted is looked for. */
const ABSENT_MS = 20;
/** Acknowledged rows leave the source with its next commit for this link, or after so long: alone they cost a commit. */
const TRIM_MS = 50;

export const link: GenServer<
  LinkArgument,
  State,
  never,
  never,
  Linked | Due | PortMessage | DownMessage
> = {
  init({ source, target, limits = backlogLimits }): InitResult<State> {
    const state: State = {
      source: new StorePort(source, state => {
        // Rows may have been committed without a word.
        state.backlog.doubt();
        advance(state);
      }),
      target: new FarStore(target, source),
      backlog: new Backlog(limits),
      reading: undefined,
      pausing: false,
      acked: 0,
      trimmed: 0,
      trimming: false,
      trimTimer: false,
    };
    advance(state);
    return ['ok', state];
  },

  handleInfo(message, state): CastResult<State> {
    switch (message.kind) {
      case 'linked':
        state.backlog.committed(message.segments);
        trim(state);
        advance(state);
        break;
      case 'resume':
        state.pausing = false;
        advance(state);
        break;
      case 'trim':
        state.trimTimer = false;
        trim(state);
        break;
      case 'store_retry':
        state.source.handle(message, state);
        break;
      case 'batch_done':
      case 'batch_failed':
      case 'DOWN': {
        if (state.source.handle(message, state)) break;
        const arrival = state.target.handle(message);
        if (arrival !== undefined) arrived(state, arrival);
        break;
      }
      default:
        message satisfies { readonly kind: 'EXIT' | 'timeout' };
    }
    return ['noreply', state];
  },
};

/** Sends what may be sent, and reads on when memory has run dry. */
function advance(state: State): void {
  read(state);
  if (state.pausing) return;
  const segments = state.backlog.send();
  if (segments.length > 0) state.target.apply(segments);
}

function read(state: State): void {
  if (state.reading !== undefined) return;
  const wanted = state.backlog.wanted();
  if (wanted === undefined) return;
  state.reading = wanted;
  state.source.submit(
    { kind: 'read_link', target: state.target.shard, ...wanted },
    ({ segments, complete }, state) => {
      // What was wanted before everything was forgotten has no place any more.
      if (state.reading !== wanted) return;
      state.reading = undefined;
      state.backlog.read(segments, complete);
      advance(state);
    },
    () => {
      throw new Error('the store has refused to read');
    },
  );
}

function arrived(state: State, arrival: Arrival): void {
  switch (arrival.kind) {
    case 'applied':
      state.backlog.acknowledged(arrival.upTo);
      state.acked = Math.max(state.acked, arrival.upTo);
      trimIn(state, TRIM_MS);
      advance(state);
      return;
    case 'gap':
      // Only a shard restored without the others can miss rows: no reason to try as fast as one can.
      state.backlog.forget();
      state.reading = undefined;
      sendAgain(state, RETRY_MS);
      return;
    case 'full':
      sendAgain(state, RETRY_MS);
      return;
    case 'absent':
      sendAgain(state, ABSENT_MS);
      return;
    case 'lost':
      sendAgain(state, 0);
      return;
    default:
      arrival satisfies never;
  }
}

/** All that is not acknowledged, after a pause. */
function sendAgain(state: State, pauseMs: number): void {
  state.target.startOver();
  state.backlog.rewind();
  if (pauseMs > 0 && !state.pausing) {
    state.pausing = true;
    sendAfter(pauseMs, self(), { kind: 'resume' } satisfies Due);
  }
  advance(state);
}

function trimIn(state: State, ms: number): void {
  if (state.trimTimer || state.acked <= state.trimmed) return;
  state.trimTimer = true;
  sendAfter(ms, self(), { kind: 'trim' } satisfies Due);
}

function trim(state: State): void {
  if (state.trimming || state.acked <= state.trimmed) return;
  state.trimming = true;
  const { acked } = state;
  state.source.submit(
    { kind: 'trim_link', target: state.target.shard, upTo: acked },
    (_, state) => {
      state.trimming = false;
      state.trimmed = acked;
      trimIn(state, TRIM_MS);
    },
    state => {
      state.trimming = false;
      trimIn(state, RETRY_MS);
    },
  );
}
