/**
 * Random machines against a model. The script of a machine says for each state and each event what
 * to return; the machine runs it, and so does a simple pure model of the order in which
 * `gen_statem.erl` handles events. Both have to call the states in the same order.
 */
import t from 'tap';
import { cast, genStatem, setClock } from '../../../actors/index.ts';
import { createVirtualClock, settle } from '../../../actors/testing.ts';
import { moduleOf, startOf } from './machine.ts';
import { runModel } from './model.ts';
import type { Called, Script, Step } from './model.ts';

type Random = () => number;

/** A small generator with a seed, so that a failure can be run again. */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const STATES = ['a', 'b', 'c'];
const EVENTS = ['e0', 'e1', 'e2', 'e3', 'e4', 'e5'];
const TYPES = ['timeout', 'state_timeout', ['timeout', 'x'], ['timeout', 'y']];

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Actions of a state call, or of a state enter call, which may neither postpone nor insert. */
function actionsOf(random: Random, enter: boolean): unknown[] {
  const actions: unknown[] = [];
  while (random() < 0.55) {
    const kind = random();
    const type = pick(random, TYPES);
    if (kind < 0.2 && !enter) actions.push('postpone');
    else if (kind < 0.25) actions.push(['postpone', false]);
    else if (kind < 0.4 && !enter) actions.push(['next_event', 'internal', pick(random, EVENTS)]);
    else if (kind < 0.45) actions.push([type, 'cancel']);
    else if (kind < 0.55) actions.push([type, 'update', pick(random, EVENTS)]);
    else actions.push([type, pick(random, [0, 0, 1, 2, 3]), pick(random, EVENTS)]);
  }
  return actions;
}

function resultOf(random: Random, enter: boolean): unknown {
  const actions = actionsOf(random, enter);
  const kind = random();
  if (kind < 0.35 && !enter) return ['next_state', pick(random, STATES), 0, actions];
  // One repetition in an enter call would be repeated for ever.
  if (kind < 0.42 && !enter) return ['repeat_state', 0, actions];
  return kind < 0.5 ? 'keep_state_and_data' : ['keep_state_and_data', actions];
}

function scriptOf(random: Random): Script {
  const script = new Map<string, unknown>();
  for (const state of STATES) {
    script.set(`enter@${state}`, resultOf(random, true));
    for (const event of EVENTS) script.set(`${event}@${state}`, resultOf(random, false));
  }
  return { stateEnter: random() < 0.5, results: script };
}

/** What comes from outside: casts, and time that passes. */
function stepsOf(random: Random): Step[] {
  const steps: Step[] = [];
  for (let left = 12; left > 0; left -= 1) {
    if (random() < 0.3) steps.push({ advanceMs: 1 + Math.floor(random() * 3) });
    else steps.push({ casts: [pick(random, EVENTS), pick(random, EVENTS)] });
  }
  return steps;
}

/** Scripts may insert events for ever: both stop after so many calls. */
const CALLS_AT_MOST = 150;

async function runMachine(script: Script, steps: readonly Step[]): Promise<Called[]> {
  const clock = createVirtualClock();
  const old = setClock(clock);
  const called: Called[] = [];
  try {
    const pid = await startOf(
      moduleOf(
        (type, content, state) => {
          if (called.length >= CALLS_AT_MOST) return 'stop';
          called.push([type, content, state]);
          const key = type === 'enter' ? 'enter' : String(content);
          return script.results.get(`${key}@${String(state)}`);
        },
        {
          callbackMode: () =>
            script.stateEnter ? ['handle_event_function', 'state_enter'] : 'handle_event_function',
        },
      ),
    );
    await settle();
    for (const step of steps) {
      if ('advanceMs' in step) await clock.advance(step.advanceMs);
      else for (const event of step.casts) cast(pid, event);
      await settle();
    }
    await genStatem.stop(pid).catch(() => undefined);
  } finally {
    setClock(old);
  }
  return called;
}

void t.test('random machines call their states in the order of the model', async t => {
  const seeds = Number(process.env['STATEM_SEEDS'] ?? 200);
  const first = Number(process.env['STATEM_SEED'] ?? 1);
  let calls = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const random = randomOf(seed);
    const script = scriptOf(random);
    const steps = stepsOf(random);
    const wanted = runModel(script, steps, CALLS_AT_MOST);
    const found = await runMachine(script, steps);
    calls += found.length;
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      t.same(found, wanted, `seed ${seed}: STATEM_SEED=${seed} STATEM_SEEDS=1 runs it again`);
      return;
    }
  }
  t.ok(calls > seeds * 20, `${calls} calls were compared`);
});
