/**
 * As a program: `strowger serve` with isolates in which faults can be ordered (lab/faulty-isolate.ts). It says on
 * standard error where: `orders URL`. A POST there with a FaultOrder is answered with FaultBegun when it happens.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { BroadcastChannel } from 'node:worker_threads';
import { Command } from 'commander';
import { defineServe } from '../cli/commands/serve.ts';
import { faultyIsolate, FAULTS_BEGUN_CHANNEL, FAULTS_CHANNEL } from '../lab/faults.ts';
import { setWorkerEntry } from '../server/isolates/worker-entry.ts';

setWorkerEntry(faultyIsolate);

const orders = new BroadcastChannel(FAULTS_CHANNEL);
const begun = new BroadcastChannel(FAULTS_BEGUN_CHANNEL);
orders.unref();
begun.unref();

const office = createServer((request, response) => {
  void json(request).then(order => {
    begun.onmessage = event => {
      response.end(JSON.stringify((event as MessageEvent).data));
    };
    orders.postMessage(order);
  });
});

async function main(): Promise<void> {
  office.listen(0, '127.0.0.1').unref();
  await once(office, 'listening');
  console.error(`orders http://127.0.0.1:${(office.address() as AddressInfo).port}`);
  const serve = new Command('faulty-server');
  defineServe(serve);
  await serve.parseAsync();
}

// Not awaited at the top level: the bundle of the single executable cannot.
void main();
