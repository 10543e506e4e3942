/** Lesson 2, exercise 2: a process that starts another one again whenever it ends. */
import { send, setLogger, spawn, spawnLink, trapExit } from '../../actors/index.ts';
import type { Pid } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';

setLogger(() => undefined);

/** @param start starts the child, linked to the caller */
function supervise(start: () => Pid): Pid {
  const supervisor = spawn(message => {
    if (message === 'begin') trapExit(true);
    else console.log('it has ended, and is started again');
    start();
  });
  send(supervisor, 'begin');
  return supervisor;
}

let lives = 0;
supervise(() => {
  lives += 1;
  const child = spawnLink(() => {
    throw new Error('not again');
  });
  if (lives < 3) send(child, 'do something');
  return child;
});
await settle();
console.log(`lives: ${lives}`);
