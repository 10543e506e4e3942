/** Lesson 1, processes and messages: docs/course/1-processes.md */
import { register, self, send, spawn } from '../actors/index.ts';
import type { Pid } from '../actors/index.ts';

interface Ring {
  readonly kind: 'ring';
  readonly from: Pid;
  text: string;
}

interface Answer {
  readonly kind: 'answer';
  readonly text: string;
}

/** A telephone: it answers when it is rung, and says what it hears. */
function telephone(owner: string): Pid {
  let calls = 0;
  return spawn(message => {
    const heard = message as Ring | Answer;
    if (heard.kind === 'ring') {
      calls += 1;
      console.log(`${owner} hears: ${heard.text} (call ${calls})`);
      send(heard.from, { kind: 'answer', text: `this is ${owner}` } satisfies Answer);
    } else {
      console.log(`${owner} hears the answer: ${heard.text}`);
    }
  });
}

const bob = telephone('bob');
register('bob', bob);

const alice = telephone('alice');
send(alice, { kind: 'answer', text: 'a dial tone' } satisfies Answer);

/** Whoever rings needs a pid for the answer, so ringing is done by a process too. */
spawn(
  () => {
    const call: Ring = { kind: 'ring', from: alice, text: 'Mr Watson, come here' };
    send('bob', call);
    send('bob', { kind: 'ring', from: alice, text: 'I want to see you' } satisfies Ring);
    console.log(`process ${self()} has rung twice, and nobody has answered yet`);
  },
  { name: 'caller' },
);

send('caller', 'go');
console.log('everything is sent, and nothing has been heard');
