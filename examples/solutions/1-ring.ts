/** Lesson 1, exercise 2: a message through ten thousand processes, each of which starts the next. */
import { send, spawn } from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';

const LENGTH = 10_000;

/** A process that passes the count on to a neighbour that it starts first. */
function link(): Pid {
  return spawn(message => {
    const left = message as number;
    if (left === 0) console.log(`the message went through ${LENGTH} processes`);
    else send(link(), left - 1);
  });
}

send(link(), LENGTH - 1);
