/** What `strowger chaos` shows of a run, while it goes on and when it is over. */
import { stripVTControlCharacters } from 'node:util';
import type { Progress } from '../../lab/chaos/chaos.ts';
import {
  count,
  notKilled,
  notWaitedFor,
  outcomeOf,
  summaries,
  verdictSentence,
  type ChaosResult,
  type Kill,
} from '../../lab/chaos/result.ts';
import type { KillKind } from '../../lab/chaos/kinds.ts';
import type { Colors } from '../colors.ts';
import { cut, type TerminalSize } from '../observe/screen.ts';
import { table } from '../table.ts';

const LAST_KILLS = 6;
const GAP = '   ';

export interface Plan {
  readonly kinds: readonly KillKind[];
  readonly seconds: number;
}

/** The screen of a terminal. Where it is too low there are fewer of the last kills. */
export function screen(
  progress: Progress,
  { kinds, seconds }: Plan,
  { styles, size: { columns, rows } }: { readonly styles: Colors; readonly size: TerminalSize },
): string {
  const { phase, kills } = progress;
  const above = [
    ...filled([styles.bold('strowger chaos'), phase, howFar(progress, seconds)], columns),
    ...filled(figures(progress, styles), columns),
    '',
    ...recoveries({ kinds, kills }, styles).split('\n'),
  ];
  // Below the last line is the cursor's.
  const room = Math.max(0, Math.min(LAST_KILLS, rows - above.length - 2));
  const last = kills.slice(kills.length - Math.min(room, kills.length));
  return [
    ...above,
    ...(last.length === 0 ? [] : ['']),
    ...last.map(kill => styles.dim(killLine(kill))),
  ]
    .slice(0, rows - 1)
    .map(line => cut(line, columns))
    .join('\n');
}

/** The same in one line, for a log. */
export function progressLine(progress: Progress): string {
  const { phase, seconds, accepted, delivered, kills, restarts, socketsClosed } = progress;
  if (!hasBegun(progress)) return phase;
  return `${phase} ${seconds.toFixed(0)} s: ${accepted} accepted, ${delivered} delivered, ${count(kills.length, 'kill')}, ${count(restarts, 'restart')}, ${count(socketsClosed, 'socket')} closed`;
}

const hasBegun = ({ phase }: Progress): boolean => phase === 'running' || phase === 'draining';

export const killLine = ({ doneMs, kind, victim, recoveryMs }: Kill): string =>
  `${(doneMs / 1_000).toFixed(1).padStart(6)} s  ${kind.padEnd(9)}  ${victim ?? 'nobody was there'}${recoveryMs === null ? '' : `, recovered after ${recoveryMs.toFixed(0)} ms`}`;

/** The verdict. */
export function verdictText(result: ChaosResult, styles: Colors, columns?: number): string {
  const { verdict, seed, seconds, endedEarly, socketsClosed, restarts } = result;
  const { accepted, delivered, undecided } = verdict.counts;
  const missed = notKilled(result);
  const cut = notWaitedFor(result);
  const paint = { held: styles.green, broken: styles.red, untested: styles.yellow }[
    outcomeOf(result)
  ];
  const { lost, doubled, reordered } = verdict;
  return [
    `${seconds.toFixed(1)} s${endedEarly ? ' (ended early)' : ''}, seed ${seed}`,
    ...filled(
      [
        `${accepted} accepted`,
        `${delivered} delivered`,
        `${lost.length} ${cut === null ? 'lost' : 'not delivered yet'}`,
        `${doubled.length} doubled`,
        `${reordered.length} reordered`,
        `${undecided} without an answer`,
      ],
      columns,
      ', ',
    ),
    ...filled(
      [
        `${count(socketsClosed, 'socket')} closed`,
        ...(socketsClosed === 0
          ? []
          : [`${result.socketsClosedWithoutReason} of them with no gateway or server killed`]),
        count(restarts, 'restart'),
      ],
      columns,
      ', ',
    ),
    '',
    recoveries(result, styles),
    '',
    ...(missed.length === 0
      ? []
      : [styles.yellow(`Not killed, so not tested: ${missed.join(', ')}.`)]),
    ...(cut === null ? [] : [styles.yellow(cut)]),
    paint(verdictSentence(result)),
  ].join('\n');
}

/** As many of the pieces on a line as fit on it; without `columns` there is one line. */
function filled(pieces: readonly string[], columns = Infinity, gap = GAP): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const before = lines.at(-1);
    const longer = before === undefined ? piece : `${before}${gap}${piece}`;
    if (before === undefined) lines.push(piece);
    else if (stripVTControlCharacters(longer + gap.trimEnd()).length <= columns)
      lines[lines.length - 1] = longer;
    else {
      lines[lines.length - 1] = `${before}${gap.trimEnd()}`;
      lines.push(piece);
    }
  }
  return lines;
}

/** While it kills, a bar; after that it takes as long as it takes. */
function howFar({ phase, seconds }: Progress, secondsInAll: number): string {
  if (phase === 'draining') return `until all has arrived, ${seconds.toFixed(0)} s`;
  return `${progressBar(Math.min(1, seconds / secondsInAll))} ${seconds.toFixed(0)} of ${secondsInAll} s`;
}

function figures(
  { second, accepted, delivered, restarts, socketsClosed }: Progress,
  styles: Colors,
): string[] {
  const p99 =
    second === null || second.latencyMs.count === 0 ? '–' : `${second.latencyMs.p99.toFixed(0)} ms`;
  const rate =
    second === null ? '–' : `${second.accepted}/s accepted, ${second.delivered}/s delivered`;
  return [
    `${accepted} accepted`,
    `${delivered} delivered`,
    styles.dim(rate),
    `p99 ${p99}`,
    count(restarts, 'restart'),
    `${count(socketsClosed, 'socket')} closed`,
  ];
}

const recoveries = (run: Pick<ChaosResult, 'kinds' | 'kills'>, styles: Colors): string =>
  table(
    ['killed', 'kills', 'recovery p50', 'p99'],
    summaries(run).map(({ kind, kills, p50Ms, p99Ms }) => [
      kind,
      String(kills),
      ms(p50Ms),
      ms(p99Ms),
    ]),
    styles,
  );

const ms = (value: number): string => (Number.isNaN(value) ? '–' : `${value.toFixed(0)} ms`);

const BAR = 24;

const progressBar = (share: number): string => {
  const done = Math.round(share * BAR);
  return `${'█'.repeat(done)}${'░'.repeat(BAR - done)}`;
};
