/** What `strowger chaos` shows of a run, while it goes on and when it is over. */
import type { Progress } from '../../lab/chaos/chaos.ts';
import {
  notKilled,
  outcomeOf,
  summaries,
  verdictSentence,
  type ChaosResult,
  type Kill,
} from '../../lab/chaos/result.ts';
import type { KillKind } from '../../lab/chaos/kinds.ts';
import type { Colors } from '../observe/colors.ts';
import { table } from '../table.ts';

const LAST_KILLS = 6;

/** The screen of a terminal. */
export function screen(
  progress: Progress,
  kinds: readonly KillKind[],
  secondsInAll: number,
  styles: Colors,
): string {
  const { phase, seconds, kills } = progress;
  const bar = progressBar(Math.min(1, seconds / secondsInAll));
  return [
    `${styles.bold('strowger chaos')}   ${phase}   ${bar} ${seconds.toFixed(0)} of ${secondsInAll} s`,
    figures(progress, styles),
    '',
    recoveries({ kinds, kills }, styles),
    '',
    ...kills.slice(-LAST_KILLS).map(kill => styles.dim(killLine(kill))),
  ].join('\n');
}

/** The same in one line, for a log. */
export function progressLine(progress: Progress): string {
  const { phase, seconds, accepted, delivered, kills, restarts, socketsClosed } = progress;
  return `${phase} ${seconds.toFixed(0)} s: ${accepted} accepted, ${delivered} delivered, ${kills.length} kills, ${restarts} restarts, ${socketsClosed} sockets closed`;
}

export const killLine = ({ doneMs, kind, victim, recoveryMs }: Kill): string =>
  `${(doneMs / 1_000).toFixed(1).padStart(6)} s  ${kind.padEnd(9)}  ${victim ?? 'nobody was there'}${recoveryMs === null ? '' : `, recovered after ${recoveryMs.toFixed(0)} ms`}`;

/** The verdict. */
export function verdictText(result: ChaosResult, styles: Colors): string {
  const { verdict, seed, seconds, endedEarly, socketsClosed, restarts } = result;
  const { accepted, delivered, undecided } = verdict.counts;
  const missed = notKilled(result);
  const paint = { held: styles.green, broken: styles.red, untested: styles.yellow }[
    outcomeOf(result)
  ];
  const { lost, doubled, reordered } = verdict;
  return [
    `${seconds.toFixed(1)} s${endedEarly ? ' (ended early)' : ''}, seed ${seed}`,
    `${accepted} accepted, ${delivered} delivered, ${lost.length} lost, ${doubled.length} doubled, ${reordered.length} reordered, ${undecided} without an answer`,
    `${socketsClosed} sockets closed, ${restarts} restarts`,
    '',
    recoveries(result, styles),
    '',
    ...(missed.length === 0
      ? []
      : [styles.yellow(`Not killed, so not tested: ${missed.join(', ')}.`)]),
    paint(verdictSentence(result)),
  ].join('\n');
}

function figures(
  { second, accepted, delivered, restarts, socketsClosed }: Progress,
  styles: Colors,
): string {
  const p99 =
    second === null || second.latencyMs.count === 0 ? '–' : `${second.latencyMs.p99.toFixed(0)} ms`;
  const rate =
    second === null ? '–' : `${second.accepted}/s accepted, ${second.delivered}/s delivered`;
  return `${accepted} accepted   ${delivered} delivered   ${styles.dim(rate)}   p99 ${p99}   ${restarts} restarts   ${socketsClosed} sockets closed`;
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
