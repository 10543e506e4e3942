/** Lesson 6, a small chat: docs/course/6-chat.md */
import { call, cast, serverName, setLogger, startLink, whereis } from '../actors/index.ts';
import type { GenServer, Name, Request } from '../actors/index.ts';
import { settle } from '../actors/testing.ts';
import { dynamicSupervisor, supervisor } from '../supervisors/index.ts';

/** What must outlive a process is not kept in it: this stands for a disk. */
const disk = new Map<string, string[]>();

type Call = Request<'read', object, readonly string[]>;
type Cast = { readonly kind: 'deliver'; readonly from: string; readonly text: string };

interface State {
  readonly user: string;
  readonly shown: readonly string[];
}

/** How a message looks to a person; of a letter that is none it cannot make sense. */
function show(row: string): string {
  if (row.includes('\u0000')) throw new Error('this is no text');
  return row;
}

/** A user's mailbox: one process for each user who has something going on. */
const mailbox: GenServer<string, State, Call, Cast> = {
  init: user => ['ok', { user, shown: (disk.get(user) ?? []).map(show) }],
  handleCall: (_request, _from, state) => ['reply', state.shown, state],
  handleCast({ from, text }, { user }) {
    // First the disk, then the memory: a crash between the two loses nothing.
    const rows = [...(disk.get(user) ?? []), `${from}: ${text}`];
    disk.set(user, rows);
    return ['noreply', { user, shown: rows.map(show) }];
  },
};

const nameOf = (user: string) => serverName<Call, Cast>(`mailbox.${user}`);
const mailboxes: Name = 'mailboxes';

/** The user's mailbox, started when there is none. */
async function mailboxOf(user: string): Promise<ReturnType<typeof nameOf>> {
  const name = nameOf(user);
  if (whereis(name) === undefined) {
    await dynamicSupervisor.startChild(mailboxes, {
      start: () => startLink(mailbox, user, { name }),
      restart: 'transient',
    });
  }
  return name;
}

async function deliver(from: string, to: string, text: string): Promise<void> {
  cast(await mailboxOf(to), { kind: 'deliver', from, text });
}

async function read(user: string): Promise<void> {
  const rows = await call(await mailboxOf(user), { kind: 'read' });
  console.log(`${user} reads: ${rows.join(' | ')}`);
}

setLogger(({ report }) => {
  if (report.kind === 'supervisor') console.log(`  report: ${report.errorContext}`);
});

await supervisor.startLink(() => [
  { strategy: 'one_for_one' },
  [
    {
      id: 'mailboxes',
      type: 'supervisor',
      start: () =>
        dynamicSupervisor.startLink({
          name: mailboxes,
          intensity: 2,
          period: 5,
          intensityPer: 'child',
        }),
    },
  ],
]);

await deliver('alice', 'bob', 'Mr Watson, come here');
await deliver('bob', 'alice', 'what is it?');
await read('bob');
await read('alice');

console.log('somebody sends bob a message that nobody can show');
await deliver('mallory', 'bob', '\u0000');
await settle();
console.log(`bob's mailbox is ${whereis(nameOf('bob')) === undefined ? 'gone' : 'there'}`);
await read('alice');

console.log('the letter is thrown away, and bob is back');
disk.set(
  'bob',
  (disk.get('bob') ?? []).filter(row => !row.includes('\u0000')),
);
await read('bob');
