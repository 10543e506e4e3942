/** In place of the isolates' program: says again what it is told; ends when it is told a number, with that as its code. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (message: unknown) => {
  if (typeof message === 'number') process.exit(message);
  parentPort?.postMessage(message);
});
