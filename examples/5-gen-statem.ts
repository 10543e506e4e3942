/** Lesson 5, gen_statem: docs/course/5-gen-statem.md */
import { genStatem, setClock } from '../actors/index.ts';
import { createVirtualClock, settle } from '../actors/testing.ts';

type State = 'on_hook' | 'dialling' | 'talking';
type Cast =
  | { readonly kind: 'lift' }
  | { readonly kind: 'dial'; readonly digit: number }
  | { readonly kind: 'ring'; readonly from: string }
  | { readonly kind: 'hang_up' };

/** The digits that were dialled, or who is on the other end. */
interface Data {
  readonly number: string;
}

const DIGITS = 3;
const PATIENCE_MS = 10_000;

/** One end of a telephone line, the old kind: whoever lifts it has ten seconds for each digit. */
const line: genStatem.StateFunctions<undefined, State, Data, never, Cast> = {
  callbackMode: () => ['state_functions', 'state_enter'],
  init: () => ['ok', 'on_hook', { number: '' }],

  on_hook(type, event, data) {
    if (type === 'enter') {
      console.log('  (on the hook)');
      return ['keep_state', { number: '' }];
    }
    if (type === 'cast' && event.kind === 'lift') return ['next_state', 'dialling', data];
    if (type === 'cast' && event.kind === 'ring') {
      console.log(`  it rings: ${event.from}`);
      return ['next_state', 'talking', { number: event.from }];
    }
    return 'keep_state_and_data';
  },

  dialling(type, event, data) {
    if (type === 'enter') {
      console.log('  (a dial tone)');
      return ['keep_state_and_data', ['state_timeout', PATIENCE_MS, 'nobody dials']];
    }
    if (type === 'state_timeout') {
      console.log(`  ${String(event)}: a howl`);
      return ['next_state', 'on_hook', data];
    }
    if (type !== 'cast') return 'keep_state_and_data';
    switch (event.kind) {
      case 'dial': {
        const number = `${data.number}${event.digit}`;
        if (number.length === DIGITS) return ['next_state', 'talking', { number }];
        return ['keep_state', { number }, ['state_timeout', PATIENCE_MS, 'nobody dials']];
      }
      case 'ring':
        // Not now; but whoever rings is not to be forgotten.
        return ['keep_state_and_data', 'postpone'];
      case 'hang_up':
        return ['next_state', 'on_hook', data];
      case 'lift':
        return 'keep_state_and_data';
    }
  },

  talking(type, event, data) {
    if (type === 'enter') console.log(`  (talking with ${data.number})`);
    if (type === 'cast' && event.kind === 'hang_up') return ['next_state', 'on_hook', data];
    if (type === 'cast' && event.kind === 'ring') return ['keep_state_and_data', 'postpone'];
    return 'keep_state_and_data';
  },
};

// Time that moves only when it is told to: nobody has to wait for the ten seconds.
const clock = createVirtualClock();
setClock(clock);

const started = await genStatem.startLink(line, undefined);
if (started[0] !== 'ok') throw new Error('there is no line');
const [, telephone] = started;

async function tell(message: Cast): Promise<void> {
  console.log(Object.values(message).join(' '));
  genStatem.cast(telephone, message);
  await settle();
}

await tell({ kind: 'lift' });
await tell({ kind: 'dial', digit: 1 });
await tell({ kind: 'ring', from: 'bob' });
await tell({ kind: 'dial', digit: 0 });
await tell({ kind: 'dial', digit: 7 });
await tell({ kind: 'hang_up' });
await tell({ kind: 'hang_up' });
await tell({ kind: 'lift' });
console.log('ten seconds pass');
await clock.advance(PATIENCE_MS);
