/**
 * The owner of the shard map: gives each shard to an isolate, gives them again to one that was restarted, and moves
 * them one by one to new isolates in an upgrade. Everybody has a copy of the map; only this process changes it.
 */
import { setTimeout } from 'node:timers/promises';
import {
  at,
  call,
  cast,
  connectedIsolates,
  describeReason,
  Exit,
  self,
  send,
  sendAfter,
  thisIsolate,
  whereis,
  type CallResult,
  type CastResult,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import { gatewayName } from '../gateway/protocol.ts';
import { place, type Placement } from './placement.ts';
import {
  keeperName,
  type IsolateStarted,
  type Refused,
  type SwitchboardCall,
  type Upgraded,
} from './protocol.ts';
import { setPlacement } from './shard-map.ts';
import type { Threads } from './threads.ts';

export interface SwitchboardArgument {
  readonly shards: number;
  readonly threads: Threads;
}

/** A shard that could not be taken is tried again. */
interface TakeAgain {
  readonly kind: 'take_again';
  readonly isolate: number;
}

/** This process was restarted: what the one before it left unfinished is finished. */
interface GoOn {
  readonly kind: 'go_on';
}

/** An upgrade whose new isolates are there. */
interface HandOver {
  readonly old: readonly number[];
  readonly next: readonly number[];
  /** By shard: the new isolate that gets it. */
  readonly places: readonly number[];
  /** The shard on its way, and the old isolate that may have it still. */
  moving: { readonly shard: number; readonly from: number | undefined } | undefined;
}

/** What survives this process: where the shards are is a fact, not its opinion. */
interface Facts {
  /** Of this server. */
  readonly threads: Threads;
  placement: (number | undefined)[];
  handOver: HandOver | undefined;
}

const RETRY_MS = 1_000;
const START_RETRY_MS = 50;

let facts: Facts | undefined;

interface State {
  readonly shards: number;
  readonly facts: Facts;
}

export const switchboard: GenServer<
  SwitchboardArgument,
  State,
  SwitchboardCall,
  IsolateStarted,
  TakeAgain | GoOn
> = {
  async init({ shards, threads }): Promise<InitResult<State>> {
    const isRestarted = facts?.threads === threads;
    if (facts?.threads !== threads) facts = { threads, placement: [], handOver: undefined };
    const state: State = { shards, facts };
    placeShards(state);
    announce(state);
    for (const isolate of threads.running()) {
      if (isRestarted) {
        await takeUntilTaken(state, isolate);
        continue;
      }
      const taken = await takeAtStart(state, isolate);
      if (taken !== 'ok') return ['stop', ['start_refused', taken.code, taken.message]];
    }
    announce(state);
    if (isRestarted) send(self(), { kind: 'go_on' } satisfies GoOn);
    return ['ok', state];
  },

  async handleCall(request, _from, state): Promise<CallResult<Answer, State>> {
    switch (request.kind) {
      case 'placement':
        return ['reply', [...state.facts.placement], state];
      case 'upgrade':
        await goOn(state);
        return ['reply', await upgrade(state, request.entry, request.count), state];
    }
  },

  async handleCast({ isolate }, state): Promise<CastResult<State>> {
    await takeUntilTaken(state, isolate);
    return ['noreply', state];
  },

  async handleInfo(message, state): Promise<CastResult<State>> {
    if (message.kind === 'take_again') await takeUntilTaken(state, message.isolate);
    if (message.kind === 'go_on') await goOn(state);
    return ['noreply', state];
  },
};

type Answer = Placement | Upgraded | Refused;

/** Who has a shard keeps it: before another isolate may have it, it must have been released. */
function placeShards({ shards, facts }: State): void {
  const { placement: before, handOver, threads } = facts;
  const isolates = threads.running();
  facts.placement = place(shards, isolates, before).map((home, shard) => {
    if (shard === handOver?.moving?.shard) return undefined;
    const has = before[shard];
    return has !== undefined && isolates.includes(has) ? has : home;
  });
}

/** An isolate that dies meanwhile is there again in a moment, or its supervisor ends the whole server. */
async function takeAtStart(state: State, isolate: number): Promise<'ok' | Refused> {
  for (;;) {
    try {
      return await take(state, isolate);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      await setTimeout(START_RETRY_MS);
    }
  }
}

/** An isolate that is away is told when it is there again. */
async function takeUntilTaken(state: State, isolate: number): Promise<void> {
  if (!state.facts.placement.includes(isolate)) return;
  try {
    if ((await take(state, isolate)) === 'ok') welcomeSessions();
    else sendAfter(RETRY_MS, self(), { kind: 'take_again', isolate } satisfies TakeAgain);
  } catch (error) {
    // It has died meanwhile, and says so when it is there again.
    if (!(error instanceof Exit)) throw error;
  }
}

function take({ facts: { placement } }: State, isolate: number): Promise<'ok' | Refused> {
  const shards = placement.flatMap((where, shard) => (where === isolate ? [shard] : []));
  return whileThere(isolate, () =>
    call(at(keeperName, isolate), { kind: 'take', shards, placement }, Infinity),
  );
}

/** A keeper that dies is there again in a moment; its isolate, and what it has opened, is still there. */
async function whileThere<T>(isolate: number, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Exit) || !connectedIsolates().includes(isolate)) throw error;
      await setTimeout(START_RETRY_MS);
    }
  }
}

function announce({ facts: { placement } }: State): void {
  setPlacement([...placement]);
  for (const isolate of connectedIsolates())
    cast(at(keeperName, isolate), { kind: 'placement', placement });
}

function welcomeSessions(): void {
  if (whereis(gatewayName) !== undefined) send(gatewayName, { kind: 'sessions_welcome' });
}

/**
 * New isolates first: when one of them does not come up nothing has changed. A shard is away from the moment its old
 * store closes until its new one is open; its sessions follow it, and no socket is touched.
 */
async function upgrade(
  state: State,
  entry: string | undefined,
  count: number | undefined,
): Promise<Upgraded | Refused> {
  const { shards, facts } = state;
  const { threads } = facts;
  const old = threads.running();
  if (old.includes(thisIsolate()))
    return {
      code: 'no_isolates',
      message:
        'This server runs everything in one thread (isolates = 0), which cannot be replaced: restart it.',
    };
  const started = await threads.start(entry, count ?? old.length);
  if ('message' in started) return started;
  const next = started.isolates;
  const handOver = { old, next, places: place(shards, next), moving: undefined };
  facts.handOver = handOver;
  return finish(state, handOver);
}

/** Whoever died over an upgrade had either new isolates that nobody knows yet, or shards that wait for their places. */
async function goOn(state: State): Promise<void> {
  const { handOver, threads } = state.facts;
  await threads.endStrays();
  if (handOver !== undefined) await finish(state, handOver);
}

async function finish(state: State, handOver: HandOver): Promise<Upgraded | Refused> {
  const { facts, shards } = state;
  const { old, next, places } = handOver;
  let refused: Refused | undefined;
  for (const [shard, to] of places.entries())
    if (facts.placement[shard] !== to) refused ??= await move(state, handOver, shard, to);
  const isIdle = (isolate: number): boolean => !facts.placement.includes(isolate);
  await facts.threads.end((refused === undefined ? old : next).filter(isIdle));
  facts.handOver = undefined;
  return refused ?? { isolates: next, shardsMoved: shards };
}

/** @returns why the shard could not be opened at its new place; it is back at its old one then */
async function move(
  state: State,
  handOver: HandOver,
  shard: number,
  to: number,
): Promise<Refused | undefined> {
  const { placement } = state.facts;
  const from = handOver.moving?.shard === shard ? handOver.moving.from : placement[shard];
  handOver.moving = { shard, from };
  placement[shard] = undefined;
  announce(state);
  if (from !== undefined) await release(state, shard, from);
  placement[shard] = to;
  const taken = await takeNew(state, to);
  if (taken !== 'ok' && from !== undefined) {
    placement[shard] = from;
    await takeUntilTaken(state, from);
  }
  handOver.moving = undefined;
  announce(state);
  welcomeSessions();
  return taken === 'ok' ? undefined : taken;
}

async function takeNew(state: State, isolate: number): Promise<'ok' | Refused> {
  try {
    return await take(state, isolate);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return {
      code: 'upgrade_failed',
      message: `An isolate with the new program ended while it opened a store: ${describeReason(error.reason)}`,
    };
  }
}

async function release({ facts }: State, shard: number, from: number): Promise<void> {
  const { placement } = facts;
  try {
    await whileThere(from, () =>
      call(at(keeperName, from), { kind: 'release', shard, placement }, Infinity),
    );
  } catch (error) {
    // An isolate that has died has let go of everything.
    if (!(error instanceof Exit)) throw error;
  }
}
