/** An isolate with nothing but a keeper in it, which says what it is asked and does what the test wants then. */
import { AsyncResource } from 'node:async_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import {
  connectIsolate,
  exit,
  joinAs,
  setLogger,
  start,
  type CallResult,
  type GenServer,
} from '../../../actors/index.ts';
import {
  keeperName,
  type KeeperCall,
  type PlacementCast,
  type Refused,
} from '../../../server/isolates/protocol.ts';
import type { ToKeeper } from './keepers.ts';

const { isolate, creation } = workerData as { isolate: number; creation: number };
setLogger(() => undefined);
joinAs(isolate, creation);

/** What the next requests meet, first come first served; after that all is well. */
const plans: Extract<ToKeeper, { kind: 'plan' }>['plan'][] = [];

const keeper: GenServer<undefined, undefined, KeeperCall, PlacementCast> = {
  init: () => ['ok', undefined],
  async handleCall(request): Promise<CallResult<'ok' | Refused | readonly object[], undefined>> {
    parentPort?.postMessage(request);
    const plan = plans[0]?.on === request.kind ? plans.shift() : undefined;
    if (plan?.does === 'die') process.exit(1);
    if (plan?.does === 'lose its keeper') {
      setImmediate(startKeeper);
      exit('lost');
    }
    if (plan?.does === 'hold') await new Promise<void>(resolve => (release = resolve));
    if (plan?.does === 'refuse')
      return ['reply', { code: 'storage_corrupt', message: 'It is damaged.' }, undefined];
    return ['reply', request.kind === 'metrics' ? [] : 'ok', undefined];
  },
  handleCast(message) {
    parentPort?.postMessage(message);
    return ['noreply', undefined];
  },
};

/** By nobody: what a dead process begins has no effect. */
const startKeeper = AsyncResource.bind(() => {
  void start(keeper, undefined, { name: keeperName });
});

let release: () => void = () => undefined;

startKeeper();
parentPort?.on('message', (message: ToKeeper) => {
  if (message.kind === 'plan') plans.push(message.plan);
  else if (message.kind === 'release') release();
  else connectIsolate(0, message.port);
  parentPort?.postMessage('done');
});
parentPort?.postMessage('done');
