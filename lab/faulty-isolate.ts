/** The program of an isolate, with faults that can be ordered (lab/faults.ts): they happen inside a session's handler. */
import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { BroadcastChannel } from 'node:worker_threads';
import { session } from '../server/sessions/session.ts';
import { heldShards, isolateOfShard } from '../server/isolates/shard-map.ts';
import {
  FAULTS_BEGUN_CHANNEL,
  FAULTS_CHANNEL,
  type Fault,
  type FaultBegun,
  type FaultOrder,
} from './faults.ts';

/** Which isolate this is; undefined of a spare thread, which is none yet. */
const ownIsolate = (): number | undefined => {
  const [shard] = heldShards();
  return shard === undefined ? undefined : isolateOfShard(shard);
};

const kept: unknown[] = [];
const keepBuffer = (): void => {
  kept.push(Buffer.alloc(32 * 1024 * 1024, 1));
};
/** Its listener was made outside of any process, and so is the timer of it. */
const outside = new EventEmitter();
outside.on(
  'throw',
  AsyncResource.bind(() => {
    setTimeout(() => {
      throw new Error('thrown on purpose outside of any process');
    }, 1);
  }),
);

const faults: Record<Fault, () => void> = {
  loop() {
    for (;;);
  },
  allocate() {
    for (;;) kept.push(Array.from({ length: 10_000 }, () => ({})));
  },
  // V8 takes the room for its last four hundred megabytes at once.
  'keep a large map'() {
    const map = new Map<number, number>();
    for (let i = 0; i < 9_000_000; i += 1) map.set(i, i);
    kept.push(map);
  },
  'keep buffers'() {
    setInterval(keepBuffer, 1);
  },
  'keep buffers at once'() {
    for (;;) keepBuffer();
  },
  'throw from a timer'() {
    setTimeout(() => {
      throw new Error('thrown on purpose by a timer');
    }, 1);
  },
  'throw where nobody owns it'() {
    outside.emit('throw');
  },
  'process.exit'() {
    process.exit(3);
  },
};

let order: FaultOrder | undefined;
const channel = new BroadcastChannel(FAULTS_CHANNEL);
channel.onmessage = event => {
  const given = (event as { data: FaultOrder }).data;
  const isolate = ownIsolate();
  if (isolate !== undefined && (given.isolate ?? isolate) === isolate) order = given;
};
channel.unref();
const begun = new BroadcastChannel(FAULTS_BEGUN_CHANNEL);
begun.unref();

const handleInfo = session.handleInfo?.bind(session);
if (handleInfo === undefined) throw new Error('a session handles messages');
Object.assign(session, {
  handleInfo(...[message, state]: Parameters<typeof handleInfo>) {
    if (order !== undefined && message.kind === 'frame' && state.phase === 'active') {
      const { fault, device, spared = [] } = order;
      if (device === state.device || (device === undefined && !spared.includes(state.device))) {
        if (device === undefined) order = undefined;
        const isolate = ownIsolate() ?? NaN;
        begun.postMessage({ isolate, device: state.device, at: Date.now() } satisfies FaultBegun);
        faults[fault]();
      }
    }
    return handleInfo(message, state);
  },
});

// Not awaited at the top level: the bundle of the single executable cannot.
void import('../server/isolates/worker.ts');
