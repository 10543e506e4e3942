/** One process closely: what the runtime knows of it at once, and what it says itself, if it answers in time. */
import {
  describeReason,
  Exit,
  isPid,
  keysOf,
  lookAtProcess,
  sys,
  type Beginning,
  type Pid,
} from '../../actors/index.ts';
import type {
  Asked,
  ProcessRef,
  ProcessView,
  Some,
  StatemView,
  Term,
  TraceEvent,
} from '../../protocol/observer.ts';
import type { NotDone } from './protocol.ts';
import { refOf, rowOf } from './process-rows.ts';
import { shortKey } from './registry.ts';
import { supervisorViewOf } from './supervisor-view.ts';
import { showTerm } from './term.ts';
import { noProcess } from './tree-view.ts';

/** What is told of each list. */
const LISTED = 100;
/** A process that is asked for its state has this long: it may be in a long turn, or wait for something. */
const STATE_WITHIN_MS = 700;
/** What is told of each event in its log. */
const LOG_LIMITS = { depth: 4, parts: 32, values: 200 } as const;

/** @param pid of this isolate */
export async function processView(pid: Pid): Promise<ProcessView | NotDone> {
  const look = lookAtProcess(pid, LISTED);
  if (look === undefined) return { error: 'no_process', message: noProcess(pid) };
  const supervisor = supervisorViewOf(pid);
  const [state, statem] = await Promise.all([
    askState(pid, look.behaviour),
    look.behaviour === 'gen_statem' ? askStatem(pid) : null,
  ]);
  return {
    ...rowOf(look),
    behaviour: supervisor === null ? (look.behaviour ?? 'process') : 'supervisor',
    parent: look.parent === undefined ? null : refOf(look.parent),
    registered: registeredOf(pid),
    ancestors: look.ancestors.map(nameOrRef),
    trapExit: look.trapExit,
    queueLimit: look.mailboxLimit === Infinity ? null : look.mailboxLimit,
    links: some(look.links, refOf),
    monitors: some(look.monitors, nameOrRef),
    monitoredBy: some(look.monitoredBy, refOf),
    messages: look.messages,
    timers: look.timers,
    lastMessage: look.lastMessage ?? null,
    state,
    supervisor,
    statem,
    log: look.log === undefined ? null : look.log.map(logged),
    statistics: look.countsEvents ? await askStatistics(pid) : null,
    // The main thread, which keeps what was, knows better.
    lastCrash: null,
    traced: false,
  };
}

const some = <From, To>({ total, items }: Beginning<From>, as: (item: From) => To): Some<To> => ({
  total,
  items: items.map(as),
});

function registeredOf(pid: Pid): ProcessView['registered'] {
  const keys = keysOf(pid);
  const items = keys
    .slice(0, LISTED)
    .map(({ registry, text }) => ({ registry, key: shortKey(text) }));
  return { total: keys.length, items };
}

/** A registered name stays one; the name of another isolate says which. */
function nameOrRef(dest: unknown): ProcessRef | string {
  if (isPid(dest)) return refOf(dest);
  if (typeof dest === 'string') return dest;
  if (typeof dest === 'object' && dest !== null && 'name' in dest && 'isolate' in dest) {
    return `${String(dest.name)} in isolate ${String(dest.isolate)}`;
  }
  return 'a name of a registry';
}

async function askState(pid: Pid, behaviour: string | undefined): Promise<Asked<Term>> {
  if (behaviour === undefined) return { unavailable: 'A bare process has no state of its own.' };
  try {
    return { value: showTerm(await sys.getState(pid, STATE_WITHIN_MS)) };
  } catch (thrown) {
    return { unavailable: whyUnanswered(thrown) };
  }
}

/** What a state machine keeps beside its mailbox. */
async function askStatem(pid: Pid): Promise<Asked<StatemView>> {
  try {
    const status = (await sys.getStatus(pid, STATE_WITHIN_MS)) as Record<string, unknown>;
    const { callbackMode, state, data, timeouts, postponed } = status;
    return {
      value: {
        callbackMode: [callbackMode].flat().map(String),
        ...{ state: showTerm(state), data: showTerm(data) },
        ...{ timeouts: showTerm(timeouts), postponed: showTerm(postponed) },
      },
    };
  } catch (thrown) {
    return { unavailable: whyUnanswered(thrown) };
  }
}

const logged = ([what, ...rest]: sys.SystemEvent, index: number): TraceEvent => ({
  n: index + 1,
  at: null,
  what,
  term: showTerm(rest.length === 1 ? rest[0] : rest, LOG_LIMITS),
});

async function askStatistics(pid: Pid): Promise<Term | null> {
  try {
    const answer = await sys.statistics(pid, 'get', STATE_WITHIN_MS);
    return Array.isArray(answer) ? showTerm(answer[1]) : null;
  } catch (thrown) {
    return { type: 'other', text: whyUnanswered(thrown) };
  }
}

/** What was thrown, without the tag that says how. */
const withoutClass = (thrown: unknown): unknown =>
  Array.isArray(thrown) && thrown.length === 2 && thrown[0] === 'error' ? thrown[1] : thrown;

/** Why a `sys` call exited, as a sentence. @throws what is no exit: a defect */
export function whyUnanswered(thrown: unknown): string {
  if (!(thrown instanceof Exit)) throw thrown;
  const { reason } = thrown;
  const why = Array.isArray(reason) ? (reason[0] as unknown) : reason;
  switch (why) {
    case 'timeout':
      return 'It did not answer in time: it is in a long turn, or waits for something.';
    case 'calling_self':
      return 'It is the observer itself, which cannot ask itself.';
    case 'not_a_behaviour':
      return 'It is a bare process, which answers no system messages.';
    case 'noproc':
      return 'It has ended meanwhile.';
    default:
      return Array.isArray(why) && why[0] === 'callback_failed'
        ? `It was not done: ${describeReason(withoutClass(why.at(-1)))}.`
        : `It did not answer: ${describeReason(why)}.`;
  }
}
