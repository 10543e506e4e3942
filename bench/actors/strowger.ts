/** The workload on our own processes. */
import { exit, send, spawn } from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { heapAfterCollection } from './heap.ts';
import { rate } from './workload.ts';
import type { Contestant, Sizes } from './workload.ts';

const UNLIMITED = { mailboxLimit: Infinity };

function pingPong(roundTrips: number): Promise<void> {
  return new Promise(resolve => {
    let left = roundTrips;
    const pong = spawn(from => send(from as Pid, 'pong'));
    const ping: Pid = spawn(() => {
      left -= 1;
      if (left > 0) {
        send(pong, ping);
        return;
      }
      exit(pong, 'kill');
      resolve();
    });
    send(pong, ping);
  });
}

/** Makes the processes, and returns what sets them off. */
function prepareFanIn({ senders, messagesEach }: Sizes): () => Promise<void> {
  let left = senders * messagesEach;
  let done = (): void => undefined;
  const receiver = spawn(() => {
    left -= 1;
    if (left === 0) done();
  }, UNLIMITED);
  const sender = (): void => {
    for (let index = 0; index < messagesEach; index += 1) send(receiver, index);
  };
  const pids = Array.from({ length: senders }, () => spawn(sender));
  return () =>
    new Promise(resolve => {
      done = resolve;
      for (const pid of pids) send(pid, 'go');
    });
}

function spawning(count: number): Promise<void> {
  return new Promise(resolve => {
    let left = count;
    const live = (): void => {
      left -= 1;
      if (left === 0) resolve();
      exit('normal');
    };
    for (let index = 0; index < count; index += 1) send(spawn(live), 'go');
  });
}

/** An idle process that has handled a message, as nearly all are nearly always. */
async function bytesPerProcess(count: number): Promise<number> {
  const before = await heapAfterCollection();
  const pids: Pid[] = [];
  await new Promise<void>(resolve => {
    let left = count;
    const live = (): void => {
      left -= 1;
      if (left === 0) resolve();
    };
    for (let index = 0; index < count; index += 1) {
      const pid = spawn(live);
      pids.push(pid);
      send(pid, 'go');
    }
  });
  const bytes = ((await heapAfterCollection()) - before) / count;
  for (const pid of pids) exit(pid, 'kill');
  return bytes;
}

export const strowger: Contestant = {
  name: 'strowger',
  async measure(sizes) {
    return {
      roundTripsPerSecond: await rate(sizes.roundTrips, () => pingPong(sizes.roundTrips)),
      fanInPerSecond: await rate(sizes.senders * sizes.messagesEach, prepareFanIn(sizes)),
      spawnsPerSecond: await rate(sizes.spawned, () => spawning(sizes.spawned)),
      bytesPerProcess: await bytesPerProcess(sizes.spawned),
    };
  },
};
