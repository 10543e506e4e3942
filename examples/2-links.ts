/** Lesson 2, links, monitors and exits: docs/course/2-links.md */
import {
  exit,
  link,
  monitor,
  register,
  send,
  setLogger,
  spawn,
  trapExit,
  whereis,
} from '../actors/index.ts';
import type { DownMessage, ExitMessage } from '../actors/index.ts';
import { settle } from '../actors/testing.ts';

/** The crash report is for lesson 4. */
setLogger(() => undefined);

/** A process with a name. */
function person(name: string, job: (message: unknown) => void): void {
  register(name, spawn(job, { label: name }));
}

const alive = (name: string): string => (whereis(name) === undefined ? 'dead' : 'alive');

person('bell', message => {
  console.log(`bell: ${String(message)}`);
  if (message === 'drop the wire') throw new Error('the wire is cut');
});

const bell = whereis('bell')!;

// Watson is linked: what ends bell ends him.
person('watson', () => {
  link(bell);
});

// The clerk has a monitor: it is told, and lives on.
person('clerk', message => {
  if (message === 'watch') monitor('bell');
  else console.log(`clerk: ${(message as DownMessage).name} is down`);
});

// The operator is linked and traps exits: a signal becomes a message.
person('operator', message => {
  if (message === 'watch') {
    trapExit(true);
    link(bell);
  } else {
    const { reason } = message as ExitMessage & { reason: { reason: Error } };
    console.log(`operator: an exit signal, ${reason.reason.message}`);
  }
});

send('watson', 'watch');
send('clerk', 'watch');
send('operator', 'watch');
send('bell', 'Mr Watson, come here');
send('bell', 'drop the wire');
send('bell', 'nobody hears this');

// Turns of the loop, until all of it has happened.
await settle();
for (const name of ['bell', 'watson', 'clerk', 'operator'])
  console.log(`${name} is ${alive(name)}`);

// Nobody traps a kill.
exit(whereis('operator')!, 'kill');
console.log(`operator is ${alive('operator')} after a kill`);
