/**
 * A simple model of `gen_statem.erl`: lists that are copied, one pure step per event. It knows
 * nothing of promises, timers or mailboxes.
 */

/** What a state returns: for `event@state`, and for `enter@state`. */
export interface Script {
  readonly stateEnter: boolean;
  readonly results: ReadonlyMap<string, unknown>;
}

export type Step = { readonly casts: readonly string[] } | { readonly advanceMs: number };

/** `[type, content, state]` of one call. */
export type Called = readonly [type: unknown, content: unknown, state: unknown];

type Event = readonly [type: unknown, content: unknown];

interface Timer {
  readonly type: unknown;
  readonly content: unknown;
  readonly due: number;
  /** Of those that are due together the one that was started first comes first. */
  readonly order: number;
}

interface Model {
  readonly state: string;
  readonly queue: readonly Event[];
  readonly postponed: readonly Event[];
  readonly timers: readonly Timer[];
  /** Timeouts of 0 ms, the oldest first. */
  readonly zeros: readonly Event[];
}

export function runModel(script: Script, steps: readonly Step[], callsAtMost: number): Called[] {
  const called: Called[] = [];
  let now = 0;
  let order = 0;

  const call = (key: string, type: unknown, content: unknown, state: string): unknown => {
    called.push([type, content, state]);
    return script.results.get(`${key}@${state}`);
  };

  /** One event, or (undefined) the start. */
  const handle = (before: Model, event: Event | undefined): Model => {
    const result =
      event === undefined
        ? 'keep_state_and_data'
        : call(String(event[1]), event[0], event[1], before.state);
    const tuple = Array.isArray(result) ? (result as unknown[]) : [result];
    const state = tuple[0] === 'next_state' ? (tuple[1] as string) : before.state;
    const changed = state !== before.state;
    let actions = (
      tuple[0] === 'next_state' || tuple[0] === 'repeat_state' ? tuple.at(-1) : (tuple[1] ?? [])
    ) as readonly unknown[];
    const enters = event === undefined || changed || tuple[0] === 'repeat_state';
    if (enters && script.stateEnter) {
      const entered = call('enter', 'enter', before.state, state);
      actions = [...actions, ...(Array.isArray(entered) ? (entered[1] as unknown[]) : [])];
    }
    return transition(before, state, changed, event, actions);
  };

  const transition = (
    before: Model,
    state: string,
    changed: boolean,
    event: Event | undefined,
    actions: readonly unknown[],
  ): Model => {
    const postpones = actions.filter(one => one === 'postpone' || isTag(one, 'postpone'));
    const postpone = postpones.at(-1) === 'postpone';
    const waiting = postpone && event ? [...before.postponed, event] : before.postponed;
    const inserted = actions
      .filter(one => isTag(one, 'next_event'))
      .map(one => [one[1], one[2]] as const);
    const over = (type: unknown): boolean =>
      type === 'timeout' || (changed && type === 'state_timeout');
    return start(
      {
        state,
        queue: [...inserted, ...(changed ? waiting : []), ...before.queue],
        postponed: changed ? [] : waiting,
        timers: before.timers.filter(({ type }) => !over(type)),
        zeros: before.zeros.filter(([type]) => !over(type)),
      },
      actions,
    );
  };

  /** The last action of each timeout counts; they are started from the last to the first. */
  const start = (before: Model, actions: readonly unknown[]): Model => {
    let { timers, zeros } = before;
    const seen: unknown[] = [];
    const added: Event[] = [];
    for (const action of [...actions].reverse()) {
      if (!Array.isArray(action)) continue;
      const [type, time, content] = action as readonly unknown[];
      if (!isTimeout(type) || seen.some(one => same(one, type))) continue;
      seen.push(type);
      const runs = timers.find(timer => same(timer.type, type));
      const waits = zeros.find(zero => same(zero[0], type));
      if (time === 'update' && runs !== undefined) {
        timers = timers.map(timer => (timer === runs ? { ...timer, content } : timer));
      } else if (time === 'update' && waits !== undefined) {
        zeros = zeros.map(zero => (zero === waits ? [type, content] : zero));
      } else {
        timers = timers.filter(timer => timer !== runs);
        zeros = zeros.filter(zero => zero !== waits);
        if (time === 0 || time === 'update') added.unshift([type, content]);
        else if (typeof time === 'number') {
          timers = [...timers, { type, content, due: now + time, order: (order += 1) }];
        }
      }
    }
    return { ...before, timers, zeros: [...zeros, ...added] };
  };

  /** All that the machine has itself: its queue first, then the timeouts of 0 ms. */
  const settle = (from: Model): Model => {
    let model = from;
    while (called.length < callsAtMost) {
      const [next, ...queue] = model.queue;
      const [zero, ...zeros] = model.zeros;
      if (next !== undefined) model = handle({ ...model, queue }, next);
      else if (zero !== undefined) model = handle({ ...model, zeros }, zero);
      else break;
    }
    return model;
  };

  let model = settle(
    handle({ state: 'a', queue: [], postponed: [], timers: [], zeros: [] }, undefined),
  );
  for (const step of steps) {
    if ('casts' in step) {
      for (const event of step.casts) {
        if (called.length < callsAtMost) model = settle(handle(model, ['cast', event]));
      }
      continue;
    }
    const until = now + step.advanceMs;
    while (called.length < callsAtMost) {
      const [timer] = model.timers
        .filter(({ due }) => due <= until)
        .sort((one, other) => one.due - other.due || one.order - other.order);
      if (timer === undefined) break;
      now = timer.due;
      const timers = model.timers.filter(one => one !== timer);
      model = settle(handle({ ...model, timers }, [timer.type, timer.content]));
    }
    now = until;
  }
  return called.slice(0, callsAtMost);
}

function isTag(action: unknown, tag: string): action is readonly unknown[] {
  return Array.isArray(action) && action[0] === tag;
}

function isTimeout(type: unknown): boolean {
  return type === 'timeout' || type === 'state_timeout' || isTag(type, 'timeout');
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
