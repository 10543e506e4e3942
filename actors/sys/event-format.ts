/** A system event as a line of text: `gen_server.erl`, `print_event/3`. */
import { inspect } from 'node:util';
import { requireFunction } from '../bad-argument.ts';
import type { FormatEvent } from './system-event.ts';

type PrintLine = (line: string) => void;

const toStdout: PrintLine = line => {
  process.stdout.write(`${line}\n`);
};

let printer: PrintLine = toStdout;

/**
 * Where `sys.trace` and `sys.log(…, 'print')` write their lines; by default to stdout, as Erlang
 * does. They hold what was said and what is kept: so they never go to the logger. Returns the old one.
 */
export function setTracePrinter(replacement: PrintLine): PrintLine {
  requireFunction('sys.setTracePrinter()', replacement);
  const old = printer;
  printer = replacement;
  return old;
}

export function printLine(line: string): void {
  printer(line);
}

/** A term in one line, bounded: a state may be large. */
export function showTerm(term: unknown): string {
  return inspect(term, {
    depth: 6,
    breakLength: Infinity,
    compact: true,
    maxArrayLength: 50,
    maxStringLength: 1_000,
  });
}

/** Who it happened to: a name as Erlang prints an atom, anything else as a term. */
export function showWho(extra: unknown): string {
  return typeof extra === 'string' ? extra : showTerm(extra);
}

/** How gen_server says it, and every behaviour that does not say it in its own way. */
export const showEvent: FormatEvent = (event, extra) => {
  const who = `*DBG* ${showWho(extra)}`;
  switch (event[0]) {
    case 'in':
      return `${who} got ${showMessage(event[1])}`;
    case 'out': {
      const sent = `${who} sent ${showTerm(event[1])} to ${showReceiver(event[2])}`;
      return event.length === 4 ? `${sent}, new state ${showTerm(event[3])}` : sent;
    }
    case 'noreply':
      return `${who} new state ${showTerm(event[1])}`;
    default:
      return `${who} dbg  ${showTerm(event)}`;
  }
};

function showMessage(message: unknown): string {
  if (Array.isArray(message)) {
    const [tag, ...rest] = message as unknown[];
    if (tag === '$gen_call' && rest.length === 2) {
      return `call ${showTerm(rest[1])} from ${showReceiver(rest[0])}`;
    }
    if (tag === '$gen_cast' && rest.length === 1) return `cast ${showTerm(rest[0])}`;
  }
  return showTerm(message);
}

/** The pid of who asked; a caller outside of any process has none. */
function showReceiver(to: unknown): string {
  const pid = typeof to === 'object' && to !== null && 'pid' in to ? to.pid : to;
  return pid === undefined ? 'outside' : showTerm(pid);
}
