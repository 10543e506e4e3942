/** The program of an isolate: joins, starts its puppets, and connects to whom it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { connectIsolate, disconnectIsolate, joinAs, setLogger } from '../../../actors/index.ts';
import { startPuppets } from './puppets.ts';

export type Instruction =
  { readonly connect: number; readonly port: MessagePort } | { readonly disconnect: number };

const { isolate, creation } = workerData as { isolate: number; creation: number };

// What is reported here is what tests provoke.
setLogger(() => undefined);
joinAs(isolate, creation);
await startPuppets();
parentPort?.on('message', (instruction: Instruction) => {
  if ('connect' in instruction) connectIsolate(instruction.connect, instruction.port);
  else disconnectIsolate(instruction.disconnect);
  parentPort?.postMessage('done');
});
parentPort?.postMessage('ready');
