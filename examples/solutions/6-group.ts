/**
 * Lesson 6, exercise 2: a group that dies in the middle of a delivery.
 *
 * The message goes on the disk first, with a number. Each member remembers the highest number it has, so the next
 * incarnation of the group may simply deliver everything again: what a member has already it drops.
 */
import { exit, self, send, setLogger, startLink } from '../../actors/index.ts';
import type { GenServer } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
import { supervisor } from '../../supervisors/index.ts';

setLogger(() => undefined);

const members = ['ann', 'bea', 'cy', 'dot', 'eve'];
const disk: string[] = [];
const inboxes = new Map(members.map(member => [member, [] as string[]]));
let mayDie = true;

/** A member takes what follows on what it has. */
function take(member: string, number: number, text: string): void {
  const inbox = inboxes.get(member)!;
  if (number === inbox.length) inbox.push(text);
}

interface Post {
  readonly kind: 'post';
  readonly text: string;
}

const group: GenServer<undefined, undefined, never, never, Post> = {
  init() {
    deliverAll();
    return ['ok', undefined];
  },
  handleInfo(message, state) {
    if (message.kind === 'post') {
      disk.push(message.text);
      deliverAll();
    }
    return ['noreply', state];
  },
};

function deliverAll(): void {
  for (const [index, member] of members.entries()) {
    if (index === 2 && disk.length === 1 && mayDie) {
      mayDie = false;
      exit(self(), 'kill');
    }
    disk.forEach((text, number) => take(member, number, text));
  }
}

await supervisor.startLink(() => [
  {},
  [{ id: 'group', start: () => startLink(group, undefined, { name: 'group' }) }],
]);
send('group', { kind: 'post', text: 'hello' } satisfies Post);
await settle();
for (const [member, inbox] of inboxes) console.log(`${member}: ${inbox.join()}`);
