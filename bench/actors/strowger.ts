/** The workload on our own processes. */
import { exit, send, setLogger, spawn, spawnLink, stop } from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { supervisor } from '../../supervisors/index.ts';
import type { ChildSpec } from '../../supervisors/index.ts';
import { heapAfterCollection } from '../../lab/heap.ts';
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

const LIMITS = { intensity: 1_000_000, period: 3_600 };

/** Children of a one_for_one supervisor are killed, each when the one before it is there again. */
async function restarting({ children, restarts }: Sizes): Promise<number> {
  const pids: Pid[] = [];
  let started = (): void => undefined;
  const specs: ChildSpec[] = Array.from({ length: children }, (_, id) => ({
    id,
    start: () => {
      const pid = spawnLink(() => undefined);
      pids[id] = pid;
      started();
      return ['ok', pid];
    },
    shutdown: 'brutal_kill',
  }));
  const old = setLogger(() => undefined);
  const [, top] = await supervisor.startLink(() => [LIMITS, specs]);
  const perSecond = await rate(restarts, () => killEach(pids, restarts, next => (started = next)));
  await stop(top as Pid, 'shutdown');
  setLogger(old);
  return perSecond;
}

function killEach(
  pids: readonly Pid[],
  restarts: number,
  onStart: (next: () => void) => void,
): Promise<void> {
  return new Promise(resolve => {
    let left = restarts;
    const next = (): void => {
      if (left === 0) {
        resolve();
        return;
      }
      left -= 1;
      // Spread over all of them.
      exit(pids[(left * 7_919) % pids.length] as Pid, 'kill');
    };
    // The start's own turn has to be over.
    onStart(() => setImmediate(next));
    next();
  });
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
  // A hundred thousand children leave a large heap behind.
  measureLast: async sizes => ({ restartsPerSecond: await restarting(sizes) }),
};
