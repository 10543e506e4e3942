/**
 * The channels between isolates: each has one to every other. The main thread makes them, because it makes the
 * workers.
 */
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { connectIsolate, disconnectIsolate, thisIsolate } from '../../actors/index.ts';
import type { ToWorker } from './worker-data.ts';

const workers = new Map<number, Worker>();

/** One channel from each isolate that is there to a new one. @returns the new one's ends of them */
export function openPorts(isolate: number): (readonly [number, MessagePort])[] {
  const ports: (readonly [number, MessagePort])[] = [];
  const here = new MessageChannel();
  connectIsolate(isolate, here.port1);
  ports.push([thisIsolate(), here.port2]);
  for (const [other, worker] of workers) {
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ kind: 'connect', isolate, port: port1 } satisfies ToWorker, [port1]);
    ports.push([other, port2]);
  }
  return ports;
}

/** The worker takes part from now on. */
export function join(isolate: number, worker: Worker): void {
  workers.set(isolate, worker);
}

/** It is gone: to everybody its processes are dead. */
export function leave(isolate: number): void {
  if (!workers.delete(isolate)) return;
  for (const worker of workers.values())
    worker.postMessage({ kind: 'disconnect', isolate } satisfies ToWorker);
  disconnectIsolate(isolate);
}

export function tellWorkers(message: ToWorker): void {
  for (const worker of workers.values()) worker.postMessage(message);
}
