/** Lesson 4, supervisors: docs/course/4-supervisors.md */
import {
  cast,
  describeReason,
  monitor,
  send,
  serverName,
  setLogger,
  spawn,
  startLink,
} from '../actors/index.ts';
import type { DownMessage, GenServer } from '../actors/index.ts';
import { settle } from '../actors/testing.ts';
import { supervisor } from '../supervisors/index.ts';
import type { ChildSpec, SupervisorFlags } from '../supervisors/index.ts';

type Cast = { readonly kind: 'plug'; readonly into: string };

/** One position of a switchboard. A plug in the wrong hole is too much for it. */
const position: GenServer<string, string, never, Cast> = {
  init(name) {
    console.log(`  ${name} starts`);
    return ['ok', name];
  },
  handleCast({ into }, name) {
    if (into === 'the wrong hole') throw new Error(`${name}: a spark`);
    console.log(`  ${name} connects ${into}`);
    return ['noreply', name];
  },
};

const at = (name: string) => serverName<never, Cast>(name);

const child = (name: string): ChildSpec => ({
  id: name,
  start: () => startLink(position, name, { name }),
});

const flags: SupervisorFlags = { strategy: 'one_for_one', intensity: 2, period: 10 };
const children = [child('left'), child('middle'), child('right')];

// Of what the supervisor reports, what went wrong.
setLogger(({ report }) => {
  if (report.kind !== 'supervisor') return;
  console.log(`  report: ${report.errorContext} ${report.offender.id}: ${shortly(report.reason)}`);
});

const shortly = (reason: unknown): string => describeReason(reason).replace(/^Error: /, '');

console.log('the switchboard opens');
const started = await supervisor.startLink(() => [flags, children]);
if (started[0] !== 'ok') throw new Error('the switchboard does not open');
const [, board] = started;

const watchman = spawn(message => {
  if (message === 'watch') monitor(board);
  else console.log(`the switchboard is closed: ${String((message as DownMessage).reason)}`);
});
send(watchman, 'watch');

console.log('a plug in the right hole');
cast(at('middle'), { kind: 'plug', into: 'alice to bob' });
await settle();

console.log('a plug in the wrong hole');
cast(at('middle'), { kind: 'plug', into: 'the wrong hole' });
await settle();

console.log('and on it goes');
cast(at('middle'), { kind: 'plug', into: 'alice to bob' });
await settle();
