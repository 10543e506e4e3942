/** System messages keep their place among the ordinary ones: signals of one sender arrive in order. */
import fc from 'fast-check';
import t from 'tap';
import { cast, genEvent, genStatem, start, stop, sys } from '../../../actors/index.ts';
import type { GenServer, Pid } from '../../../actors/index.ts';

let ended: unknown;

/** Its state is what it was told. */
const recorder: GenServer<undefined, readonly unknown[], never, unknown> = {
  init: () => ['ok', []],
  handleCast: (message, state) => ['noreply', [...state, message]],
  terminate: (_reason, state) => void (ended = state),
};

async function begun(): Promise<Pid> {
  const [, pid] = (await start(recorder, undefined)) as readonly ['ok', Pid];
  return pid;
}

void t.test('what was cast before is handled before', async t => {
  const pid = await begun();
  cast(pid, 'a');
  const seen = sys.getState(pid);
  cast(pid, 'b');
  t.same(await seen, ['a']);
  t.same(await sys.replaceState(pid, state => [...(state as unknown[]), 'R']), ['a', 'b', 'R']);
  cast(pid, 'c');
  await stop(pid);
  t.same(ended, ['a', 'b', 'R', 'c']);
  const other = await begun();
  cast(other, 'a');
  await sys.terminate(other, 'normal');
  t.same(ended, ['a']);
});

void t.test('of a state machine and an event manager, too', async t => {
  const heard: unknown[] = [];
  const [, machine] = (await genStatem.start(
    {
      callbackMode: () => 'handle_event_function',
      init: () => ['ok', 'on', null],
      handleEvent(_type: unknown, content: unknown) {
        heard.push(content);
        return 'keep_state_and_data';
      },
    } as never,
    undefined,
  )) as readonly ['ok', Pid];
  genStatem.cast(machine, 'a');
  await genStatem.stop(machine);
  const [, manager] = (await genEvent.start()) as readonly ['ok', Pid];
  const handler = {
    init: () => ['ok', null] as const,
    handleEvent: (event: unknown) => (heard.push(event), ['ok', null] as const),
  };
  await genEvent.addHandler(manager, handler, undefined);
  genEvent.notify(manager, 'b');
  await genEvent.stop(manager);
  t.same(heard, ['a', 'b']);
});

type Sent = 'cast' | 'get' | 'suspend' | 'resume';

/** What Erlang's one mailbox makes of it: how many casts each `get` saw. */
function model(sent: readonly Sent[]): number[] {
  const queue = [...sent];
  const seen: number[] = [];
  let suspended = false;
  let casts = 0;
  for (;;) {
    const index: number = suspended ? queue.findIndex(sent => sent !== 'cast') : 0;
    const [one]: Sent[] = index === -1 ? [] : queue.splice(index, 1);
    if (one === undefined) return seen;
    if (one === 'cast') casts += 1;
    else if (one === 'get') seen.push(casts);
    else suspended = one === 'suspend';
  }
}

void t.test(
  'whatever is sent at once, over suspensions, is handled as from one mailbox',
  async t => {
    const some = fc.array(fc.constantFrom<Sent>('cast', 'get', 'suspend', 'resume'), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(some, { maxLength: 3 }), async turns => {
        const pid = await begun();
        const seen: Promise<unknown>[] = [];
        const answers: Promise<unknown>[] = [];
        for (const sent of turns) {
          for (const one of sent) {
            if (one === 'cast') cast(pid, one);
            else if (one === 'get') seen.push(sys.getState(pid));
            else answers.push(sys[one](pid));
          }
          // What was sent is handled, as far as it can be.
          await Promise.all([...seen, ...answers]);
        }
        const states = (await Promise.all(seen)) as unknown[][];
        t.strictSame(
          states.map(state => state.length),
          model(turns.flat()),
        );
        await sys.terminate(pid, 'normal');
      }),
      { numRuns: 300 },
    );
  },
);
