/** What `strowger observe` shows of a look, as lines of text. */
import { stripVTControlCharacters } from 'node:util';
import { table } from '../table.ts';
import type { Colors } from '../colors.ts';
import type { IsolateSummary, ObservedEvent, ProcessRow, Sample } from '../../protocol/observer.ts';
import type { Glance } from './look.ts';

export interface ScreenOptions {
  readonly styles: Colors;
  /** Of the terminal that it is to fit; undefined: as large as it comes. */
  readonly size?: TerminalSize | undefined;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** What a terminal says of its size; some do not know and say 0. */
export const terminalSize = ({ rows, columns }: Readonly<Partial<TerminalSize>>): TerminalSize => ({
  rows: rows || 24,
  columns: columns || 80,
});

const MIB = 1024 * 1024;
/** A loop that is later than this is worth a colour: a person notices. */
const LATE_MS = 100;

/** Rows that do not fit are left out of the longest part below the headline: the last of a table, the oldest events. */
export function screen(glance: Glance, { styles, size }: ScreenOptions): string {
  const { system, events } = glance;
  const parts = [
    headline(glance, styles),
    isolates(system.isolates, styles, size?.columns),
    processes('queue', glance.byQueue, styles, size?.columns),
    processes('time', glance.byTime, styles, size?.columns),
    events.length === 0 ? 'no crash yet' : events.map(event => eventLine(event, styles)).join('\n'),
  ].map(part => part.split('\n'));
  if (size === undefined) return together(parts).join('\n');
  return fit(parts, size.rows)
    .map(line => cut(line, size.columns))
    .join('\n');
}

/** The same with a sentence at the end, for which rows at the bottom make room. */
export function screenWith(shown: string, sentence: string, size: TerminalSize): string {
  const room = size.rows - 1 - Math.ceil(sentence.length / size.columns);
  return [...shown.split('\n').slice(0, Math.max(0, room)), '', sentence].join('\n');
}

const together = (parts: readonly (readonly string[])[]): string[] =>
  parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));

/** A table keeps its heading and a row; on a terminal lower than that the last parts go. */
const SHORTEST_PART = 2;

function fit(parts: readonly (readonly string[])[], rows: number): string[] {
  const [head = [], ...below] = parts.map(lines => [...lines]);
  let over = together([head, ...below]).length - rows;
  for (; over > 0; over -= 1) {
    // Of equally long ones the lowest: `>=`.
    const longest = below.reduce((one, other) => (other.length >= one.length ? other : one), []);
    if (longest.length <= SHORTEST_PART) break;
    if (longest === below.at(-1)) longest.shift();
    else longest.pop();
  }
  return together([head, ...below]).slice(0, rows);
}

function headline({ system, processes, unanswered }: Glance, styles: Colors): string {
  const up = duration(system.now - system.startedAt);
  const sockets = sum(system.isolates, ({ gateway }) => gateway?.sockets ?? 0);
  const accepted = sum(system.isolates, sample => sample.accepted);
  const pushed = sum(system.isolates, sample => sample.pushed);
  const missing =
    unanswered.length === 0 ? '' : styles.red(`   silent: isolate ${unanswered.join(', ')}`);
  return [
    `${styles.bold(`strowger ${system.version}`)}   up ${up}   ${mib(system.residentBytes)} resident`,
    `${count(sockets)} sockets   ${count(processes)} processes   ${count(accepted)} accepted/s   ${count(pushed)} pushed/s${missing}`,
  ].join('\n');
}

/** With shorter headings and closer columns where they do not fit else. */
function isolates(
  all: readonly IsolateSummary[],
  styles: Colors,
  columns = Number.POSITIVE_INFINITY,
): string {
  const rows = all.map(({ isolate, role, answers, last }) => [
    answers ? `${isolate} ${role}` : styles.red(`${isolate} silent`),
    `${Math.round(last.busy * 100)} %`,
    late(last.lagMs.p99, styles),
    late(last.lagMs.max, styles),
    mib(last.heapBytes),
    count(last.processes),
    count(last.messages),
    count(last.accepted),
    last.restarts === 0 ? '0' : styles.yellow(count(last.restarts)),
  ]);
  const heads = ['isolate', 'busy', 'lag p99', 'lag max', 'heap', 'processes'];
  const wide = table([...heads, 'messages/s', 'accepted/s', 'restarts'], rows, styles);
  const fits = wide.split('\n').every(line => stripVTControlCharacters(line).length <= columns);
  if (fits) return wide;
  const short = ['isolate', 'busy', 'lag p99', 'max', 'heap', 'processes'];
  return table([...short, 'msgs/s', 'acc/s', 'restarts'], rows, styles, 1);
}

/** What the figures of a process take. */
const FIGURES_COLUMNS = 46;
const SHORTEST_NAME = 12;

function processes(
  by: 'queue' | 'time',
  rows: readonly ProcessRow[],
  styles: Colors,
  columns = Number.POSITIVE_INFINITY,
): string {
  if (rows.length === 0) return 'no process has messages waiting';
  const nameColumns = Math.max(SHORTEST_NAME, columns - FIGURES_COLUMNS);
  return table(
    [by === 'queue' ? 'longest queues' : 'most time', 'isolate', 'queue', 'callbacks', 'time'],
    rows.map(row => [
      cut(row.name ?? `${row.label ?? ''} ${row.pid}`, nameColumns, ''),
      String(row.isolate),
      count(row.queue),
      count(row.callbacks),
      `${(row.micros / 1e6).toFixed(3)} s`,
    ]),
    styles,
  );
}

const loud: ReadonlySet<ObservedEvent['kind']> = new Set<ObservedEvent['kind']>([
  'crash',
  'gave_up',
  'isolate_down',
]);

function eventLine({ at, kind, text, isolate }: ObservedEvent, styles: Colors): string {
  const time = new Date(at).toISOString().slice(11, 19);
  const shown = loud.has(kind) ? styles.red(text) : text;
  return `${styles.dim(time)}  ${kind.padEnd(16)}  ${shown} ${styles.dim(`(isolate ${isolate})`)}`;
}

const sum = (all: readonly IsolateSummary[], of: (sample: Sample) => number): number =>
  all.reduce((total, { last }) => total + of(last), 0);

const late = (ms: number, styles: Colors): string => {
  const text = `${ms.toFixed(1)} ms`;
  return ms > LATE_MS ? styles.red(text) : text;
};

const count = (value: number): string => value.toLocaleString('en-US');
const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24];
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

const escape = /\u001b\[[0-9;]*m/y;

/** The beginning of a line that is too long; escape sequences take no room, and are ended by `reset`. */
export function cut(line: string, columns: number, reset = '\u001b[0m'): string {
  if (stripVTControlCharacters(line).length <= columns) return line;
  let width = 0;
  for (let at = 0; at < line.length; at += 1) {
    escape.lastIndex = at;
    const sequence = escape.exec(line)?.[0];
    if (sequence !== undefined) at += sequence.length - 1;
    else if ((width += 1) > columns - 1) return `${line.slice(0, at)}${reset}…`;
  }
  return line;
}
