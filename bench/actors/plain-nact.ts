/* eslint-disable @typescript-eslint/no-generated-empty-object-type -- nact's references are opaque */
/** The workload on nact alone: one message, one turn. */
import { dispatch, spawnStateless, start, stop } from 'nact';
import type { Ref } from 'nact';
import { heapAfterCollection } from '../../lab/heap.ts';
import { rate } from './workload.ts';
import type { Contestant, Sizes } from './workload.ts';

const system = start();
let serial = 0;

// nact's own anonymous names collide after some tens of thousands.
function actor(handler: (message: unknown) => void) {
  serial += 1;
  return spawnStateless(system, handler, `bench-${serial}`);
}

function pingPong(roundTrips: number): Promise<void> {
  return new Promise(resolve => {
    let left = roundTrips;
    const pong = actor(from => dispatch(from as Ref<unknown>, 'pong'));
    const ping: Ref<unknown> = actor(() => {
      left -= 1;
      if (left > 0) dispatch(pong, ping);
      else resolve();
    });
    dispatch(pong, ping);
  });
}

/** Makes the actors, and returns what sets them off. */
function prepareFanIn({ senders, messagesEach }: Sizes): () => Promise<void> {
  let left = senders * messagesEach;
  let done = (): void => undefined;
  const receiver = actor(() => {
    left -= 1;
    if (left === 0) done();
  });
  const sender = (): void => {
    for (let index = 0; index < messagesEach; index += 1) dispatch(receiver, index);
  };
  const actors = Array.from({ length: senders }, () => actor(sender));
  return () =>
    new Promise(resolve => {
      done = resolve;
      for (const one of actors) dispatch(one, 'go');
    });
}

function spawning(count: number): Promise<void> {
  return new Promise(resolve => {
    let left = count;
    for (let index = 0; index < count; index += 1) {
      const one: Ref<unknown> = actor(() => {
        left -= 1;
        stop(one);
        if (left === 0) resolve();
      });
      dispatch(one, 'go');
    }
  });
}

async function bytesPerProcess(count: number): Promise<number> {
  const before = await heapAfterCollection();
  const actors: Ref<unknown>[] = [];
  await new Promise<void>(resolve => {
    let left = count;
    const live = (): void => {
      left -= 1;
      if (left === 0) resolve();
    };
    for (let index = 0; index < count; index += 1) {
      const one = actor(live);
      actors.push(one);
      dispatch(one, 'go');
    }
  });
  const bytes = ((await heapAfterCollection()) - before) / count;
  actors.forEach(stop);
  return bytes;
}

export const plainNact: Contestant = {
  name: 'plain nact',
  async measure(sizes) {
    return {
      roundTripsPerSecond: await rate(sizes.roundTrips, () => pingPong(sizes.roundTrips)),
      fanInPerSecond: await rate(sizes.senders * sizes.messagesEach, prepareFanIn(sizes)),
      spawnsPerSecond: await rate(sizes.spawned, () => spawning(sizes.spawned)),
      bytesPerProcess: await bytesPerProcess(sizes.spawned),
    };
  },
};
