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

const RETRY_MS = 1_000;
const START_RETRY_MS = 50;

/** Survives this process: where the shards are is a fact, not its opinion. */
let placement: (number | undefined)[] = [];

export const switchboard: GenServer<
  SwitchboardArgument,
  SwitchboardArgument,
  SwitchboardCall,
  IsolateStarted,
  TakeAgain
> = {
  async init(argument): Promise<InitResult<SwitchboardArgument>> {
    const isolates = argument.threads.running();
    placement = [...place(argument.shards, isolates, placement)];
    announce();
    for (const isolate of isolates) {
      const taken = await takeAtStart(isolate);
      if (taken !== 'ok') return ['stop', ['start_refused', taken.code, taken.message]];
    }
    announce();
    return ['ok', argument];
  },

  async handleCall(
    request,
    _from,
    state,
  ): Promise<CallResult<Placement | Upgraded | Refused, SwitchboardArgument>> {
    switch (request.kind) {
      case 'placement':
        return ['reply', placement, state];
      case 'upgrade':
        return ['reply', await upgrade(state, request.entry, request.count), state];
    }
  },

  async handleCast({ isolate }, state): Promise<CastResult<SwitchboardArgument>> {
    await takeUntilTaken(isolate);
    return ['noreply', state];
  },

  async handleInfo(message, state): Promise<CastResult<SwitchboardArgument>> {
    if (message.kind === 'take_again') await takeUntilTaken(message.isolate);
    return ['noreply', state];
  },
};

/** An isolate that dies meanwhile is there again in a moment, or its supervisor ends the whole server. */
async function takeAtStart(isolate: number): Promise<'ok' | Refused> {
  for (;;) {
    try {
      return await take(isolate);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      await setTimeout(START_RETRY_MS);
    }
  }
}

/** An isolate that is away is told when it is there again. */
async function takeUntilTaken(isolate: number): Promise<void> {
  if (!placement.includes(isolate)) return;
  try {
    if ((await take(isolate)) === 'ok') welcomeSessions();
    else sendAfter(RETRY_MS, self(), { kind: 'take_again', isolate } satisfies TakeAgain);
  } catch (error) {
    // It has died meanwhile, and says so when it is there again.
    if (!(error instanceof Exit)) throw error;
  }
}

function take(isolate: number): Promise<'ok' | Refused> {
  const shards = placement.flatMap((where, shard) => (where === isolate ? [shard] : []));
  return call(at(keeperName, isolate), { kind: 'take', shards, placement }, Infinity);
}

function announce(): void {
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
  { shards, threads }: SwitchboardArgument,
  entry: string | undefined,
  count: number | undefined,
): Promise<Upgraded | Refused> {
  const old = threads.running();
  if (old.includes(thisIsolate()))
    return {
      code: 'no_isolates',
      message:
        'This server runs everything in one thread (isolates = 0), which cannot be replaced: restart it.',
    };
  const started = await threads.start(entry, count ?? old.length);
  if ('message' in started) return started;
  let refused: Refused | undefined;
  for (const [shard, to] of place(shards, started.isolates).entries())
    refused ??= await move(shard, to);
  await threads.end((refused === undefined ? old : started.isolates).filter(isIdle));
  return refused ?? { isolates: started.isolates, shardsMoved: shards };
}

const isIdle = (isolate: number): boolean => !placement.includes(isolate);

/** @returns why the shard could not be opened at its new place; it is back at its old one then */
async function move(shard: number, to: number): Promise<Refused | undefined> {
  const from = placement[shard];
  placement[shard] = undefined;
  announce();
  if (from !== undefined) await release(shard, from);
  placement[shard] = to;
  const taken = await take(to);
  if (taken !== 'ok' && from !== undefined) {
    placement[shard] = from;
    await takeUntilTaken(from);
  }
  announce();
  welcomeSessions();
  return taken === 'ok' ? undefined : taken;
}

async function release(shard: number, from: number): Promise<void> {
  try {
    await call(at(keeperName, from), { kind: 'release', shard, placement }, Infinity);
  } catch (error) {
    // An isolate that has died has let go of everything.
    if (!(error instanceof Exit)) throw error;
  }
}
