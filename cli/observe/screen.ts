/** What `strowger observe` shows of a look, as lines of text. */
import { table } from '../table.ts';
import type { Colors } from './colors.ts';
import type { IsolateSummary, ObservedEvent, ProcessRow, Sample } from '../../protocol/observer.ts';
import type { Glance } from './look.ts';

export interface ScreenOptions {
  readonly styles: Colors;
  /** Columns of the terminal; undefined, or 0 as some say who do not know: as wide as it comes. */
  readonly columns?: number | undefined;
}

const MIB = 1024 * 1024;
/** A loop that is later than this is worth a colour: a person notices. */
const LATE_MS = 100;

export function screen(glance: Glance, { styles, columns }: ScreenOptions): string {
  const { system, events } = glance;
  const lines = [
    headline(glance, styles),
    '',
    isolates(system.isolates, styles),
    '',
    processes('queue', glance.byQueue, styles),
    '',
    processes('time', glance.byTime, styles),
    '',
    ...(events.length === 0 ? ['no crash yet'] : events.map(event => eventLine(event, styles))),
  ]
    .join('\n')
    .split('\n');
  return lines.map(line => cut(line, columns)).join('\n');
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

function isolates(all: readonly IsolateSummary[], styles: Colors): string {
  const heads = ['isolate', 'busy', 'lag p99', 'lag max', 'heap', 'processes'];
  return table(
    [...heads, 'messages/s', 'accepted/s', 'restarts'],
    all.map(({ isolate, role, answers, last }) => [
      answers ? `${isolate} ${role}` : styles.red(`${isolate} silent`),
      `${Math.round(last.busy * 100)} %`,
      late(last.lagMs.p99, styles),
      late(last.lagMs.max, styles),
      mib(last.heapBytes),
      count(last.processes),
      count(last.messages),
      count(last.accepted),
      last.restarts === 0 ? '0' : styles.yellow(count(last.restarts)),
    ]),
    styles,
  );
}

function processes(by: 'queue' | 'time', rows: readonly ProcessRow[], styles: Colors): string {
  if (rows.length === 0) return 'no process has messages waiting';
  return table(
    [by === 'queue' ? 'longest queues' : 'most time', 'isolate', 'queue', 'callbacks', 'time'],
    rows.map(row => [
      row.name ?? `${row.label ?? ''} ${row.pid}`,
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

/** The beginning of a line that is too long; escape sequences take no room. */
function cut(line: string, columns = 0): string {
  if (columns === 0) return line;
  let width = 0;
  for (let at = 0; at < line.length; at += 1) {
    escape.lastIndex = at;
    const sequence = escape.exec(line)?.[0];
    if (sequence !== undefined) at += sequence.length - 1;
    else if ((width += 1) > columns - 1) return `${line.slice(0, at)}\u001b[0m…`;
  }
  return line;
}
