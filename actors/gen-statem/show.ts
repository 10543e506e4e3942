/** What `sys` can see of a state machine: `gen_statem.erl`, `sys_debug/3` and `print_event/3`. */
import { isAddress } from '../gen-server/address.ts';
import type { Process } from '../process.ts';
import { showTerm, showWho } from '../sys/event-format.ts';
import type { FormatEvent } from '../sys/system-event.ts';

/**
 * Hands a system event to whoever debugs the process; nearly always that is nobody. The events:
 * `['enter', module, state]` once at the start, `['in', [type, content], state]`,
 * `['out', reply, from]`, `['start_timer', [type, time, content, options], state]`,
 * `['module', module, state]`, `['terminate', reason, state]`, and at the end of a transition
 * `['consume' | 'postpone', [type, content], state, nextState]`.
 */
export function show(
  { debug, name, pid }: Process,
  tag: string,
  one: unknown,
  two: unknown,
  three?: unknown,
): void {
  if (debug === undefined) return;
  const twoStates = tag === 'consume' || tag === 'postpone';
  debug.handle(twoStates ? [tag, one, two, three] : [tag, one, two], name ?? pid, showEvent);
}

const showEvent: FormatEvent = ([tag, one, two, three], extra) => {
  const who = `*DBG* ${showWho(extra)}`;
  switch (tag) {
    case 'in':
      return `${who} receive ${showIncoming(one)} in state ${showTerm(two)}`;
    case 'out':
      return `${who} send ${showTerm(one)} to ${showCaller(two)}`;
    case 'enter':
    case 'module':
      return `${who} ${tag} ${showModule(one)} in state ${showTerm(two)}`;
    case 'consume':
    case 'postpone': {
      const change = two === three ? showTerm(two) : `${showTerm(two)} => ${showTerm(three)}`;
      return `${who} ${tag} ${showIncoming(one)} in state ${change}`;
    }
    default:
      return `${who} ${tag} ${showTerm(one)} in state ${showTerm(two)}`;
  }
};

function showIncoming(event: unknown): string {
  const [type, content] = event as readonly [unknown, unknown];
  if (Array.isArray(type) && type[0] === 'call') {
    return `call ${showTerm(content)} from ${showCaller(type[1])}`;
  }
  return `${showTerm(type)} ${showTerm(content)}`;
}

/** The pid of who asked; a caller outside of any process has none. */
function showCaller(from: unknown): string {
  const pid = isAddress(from) ? from[0] : (from as { readonly pid?: unknown }).pid;
  return pid === undefined ? 'outside' : showTerm(pid);
}

/** The names of its functions: a module has none of its own. */
function showModule(module: unknown): string {
  return `{ ${Object.keys(module as object).join(', ')} }`;
}
