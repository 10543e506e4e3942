/** Starting isolates in worker threads; the test itself is isolate 0. */
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { connectIsolate, disconnectIsolate } from '../../../actors/index.ts';
import type { IsolatePort } from '../../../actors/index.ts';
import { puppetsAt } from './puppets.ts';
import type { Instruction } from './worker.ts';

interface Teardown {
  teardown(undo: () => unknown): void;
}

export interface Isolate extends ReturnType<typeof puppetsAt> {
  readonly number: number;
  /** Tells the worker something and waits until it has done it. */
  tell(instruction: Instruction, transfer?: readonly MessagePort[]): Promise<void>;
  /** Ends the worker thread in the middle of whatever it does; does not tell the runtime. */
  terminate(): Promise<void>;
}

/** Starts an isolate and connects it with this one, through the port that `through` makes of it. */
export async function startIsolate(
  t: Teardown,
  number: number,
  options: { creation?: number; through?: (port: MessagePort) => IsolatePort } = {},
): Promise<Isolate> {
  const { creation = 0, through } = options;
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: { isolate: number, creation },
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  await once(worker, 'message');
  const tell: Isolate['tell'] = async (instruction, transfer = []) => {
    const done = once(worker, 'message');
    worker.postMessage(instruction, transfer);
    await done;
  };
  const terminate = async (): Promise<void> => {
    await worker.terminate();
  };
  t.teardown(async () => {
    await terminate();
    disconnectIsolate(number);
  });
  const { port1, port2 } = new MessageChannel();
  connectIsolate(number, through === undefined ? port1 : through(port1));
  await tell({ connect: 0, port: port2 }, [port2]);
  return { ...puppetsAt(number), number, tell, terminate };
}

/** Connects two workers with each other. */
export async function connectTwo(one: Isolate, other: Isolate): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await one.tell({ connect: other.number, port: port1 }, [port1]);
  await other.tell({ connect: one.number, port: port2 }, [port2]);
}
