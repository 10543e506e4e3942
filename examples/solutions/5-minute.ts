/**
 * Lesson 5, exercise 2: a talk of a minute at most.
 *
 * A state timeout ends with the state. Here a talk may be put on hold, which is another state, and the minute goes on:
 * so the timeout has a name.
 */
import { genStatem, setClock } from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';

type State = 'on_hook' | 'talking' | 'on_hold';
interface Cast {
  readonly kind: 'lift' | 'hold' | 'resume';
}

const MINUTE_MS = 60_000;

const line: genStatem.StateFunctions<undefined, State, undefined, never, Cast> = {
  callbackMode: () => 'state_functions',
  init: () => ['ok', 'on_hook', undefined],
  on_hook: (type, _event, _data) =>
    type === 'cast'
      ? ['next_state', 'talking', undefined, [['timeout', 'talk'], MINUTE_MS, 'the minute is over']]
      : 'keep_state_and_data',
  talking(type, event, _data) {
    if (type === 'cast' && event.kind === 'hold') return ['next_state', 'on_hold', undefined];
    return cutOff(type, event);
  },
  on_hold(type, event, _data) {
    if (type === 'cast' && event.kind === 'resume') return ['next_state', 'talking', undefined];
    return cutOff(type, event);
  },
};

function cutOff(type: unknown, event: unknown): genStatem.StateResult<State, undefined, never> {
  if (!Array.isArray(type) || type[1] !== 'talk') return 'keep_state_and_data';
  console.log(String(event));
  return ['next_state', 'on_hook', undefined];
}

const clock = createVirtualClock();
setClock(clock);
const started = await genStatem.startLink(line, undefined);
if (started[0] !== 'ok') throw new Error('there is no line');
for (const kind of ['lift', 'hold', 'resume'] as const) {
  genStatem.cast(started[1], { kind });
  await settle();
  await clock.advance(20_000);
  console.log(`${kind}, and twenty seconds`);
}
