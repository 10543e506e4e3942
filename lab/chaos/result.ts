/** What came of a chaos run, and whether the promises held. */
import { findingKinds, isClean, type Verdict } from '../verdict.ts';
import type { Choice } from './choices.ts';
import type { Second } from './chaos-witness.ts';
import { factsOf, killKinds, type KillKind } from './kinds.ts';

/** One choice and what was done with it. */
export interface Kill extends Choice {
  /** When it was done, in milliseconds since the beginning. */
  readonly doneMs: number;
  /** Name, or label and pid, of who was killed; null when there was nobody of that kind. */
  readonly victim: string | null;
  /** Until all that had been sent before it had arrived, and everybody was connected; null when that did not come. */
  recoveryMs: number | null;
}

export interface TimelineSecond extends Second {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly connected: number;
}

export interface ChaosResult {
  readonly seed: number;
  readonly kinds: readonly KillKind[];
  readonly users: number;
  readonly ratePerSecond: number;
  readonly everyMs: number;
  /** How long it ran, in seconds: less than was asked for when it was ended early. */
  readonly seconds: number;
  readonly endedEarly: boolean;
  /** What was under way when it was ended was not waited for: nobody knows whether it would have arrived. */
  readonly cutShort: boolean;
  readonly verdict: Verdict;
  readonly kills: readonly Kill[];
  readonly timeline: readonly TimelineSecond[];
  /** Connections that ended, and those among them for which no kill of the gateway or the server was the reason. */
  readonly socketsClosed: number;
  readonly socketsClosedWithoutReason: number;
  /** Children that supervisors started anew, as they told it themselves. */
  readonly restarts: number;
  /** Why the run could not go on; null when it came to its end. */
  readonly failure: string | null;
}

export interface KindSummary {
  readonly kind: KillKind;
  readonly kills: number;
  /** Times when there was nobody of this kind. */
  readonly nobody: number;
  /** Milliseconds; NaN without any. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Kills from which it had not recovered when the run was over. */
  readonly notRecovered: number;
}

export function summaries({ kinds, kills }: Pick<ChaosResult, 'kinds' | 'kills'>): KindSummary[] {
  return killKinds
    .filter(kind => kinds.includes(kind))
    .map(kind => {
      const ofKind = kills.filter(kill => kill.kind === kind);
      const done = ofKind.filter(({ victim }) => victim !== null);
      const times = done.flatMap(({ recoveryMs }) => recoveryMs ?? []).sort((a, b) => a - b);
      return {
        kind,
        kills: done.length,
        nobody: ofKind.length - done.length,
        p50Ms: percentile(times, 0.5),
        p99Ms: percentile(times, 0.99),
        notRecovered: done.length - times.length,
      };
    });
}

/** By nearest rank, of times in order. */
function percentile(times: readonly number[], share: number): number {
  return times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? NaN;
}

/** `untested`: nothing is wrong, and nothing was done that could have shown it. */
export type Outcome = 'held' | 'broken' | 'untested';

export function outcomeOf(result: ChaosResult): Outcome {
  if (complaints(result).length > 0) return 'broken';
  return untested(result).length > 0 ? 'untested' : 'held';
}

/** The outcome in a sentence. */
export function verdictSentence(result: ChaosResult): string {
  const outcome = outcomeOf(result);
  switch (outcome) {
    case 'held':
      return result.cutShort ? 'The promises held so far.' : 'The promises held.';
    case 'broken':
      return `Broken: ${complaints(result).join('; ')}.`;
    case 'untested':
      return `Nothing was tested: ${untested(result).join('; ')}.`;
    default:
      return outcome satisfies never;
  }
}

/** Why the run tells nothing of the promises; nothing when it does. */
export function untested(result: ChaosResult): string[] {
  const why: string[] = [];
  if (notKilled(result).length === result.kinds.length) why.push('nothing was killed');
  if (result.verdict.counts.accepted === 0) why.push('no message was accepted');
  return why;
}

/** Kinds that were to be killed and of which nobody was. */
export const notKilled = (run: Pick<ChaosResult, 'kinds' | 'kills'>): KillKind[] =>
  summaries(run).flatMap(({ kind, kills }) => (kills === 0 ? kind : []));

/** What was under way in a run that was cut short, in a sentence; null in any other. */
export function notWaitedFor(result: ChaosResult): string | null {
  if (!result.cutShort) return null;
  const { lost, counts } = result.verdict;
  const open = summaries(result).reduce((sum, { notRecovered }) => sum + notRecovered, 0);
  return (
    `Cut short: ${count(counts.undecided, 'message')} without an answer, ` +
    `${lost.length} not delivered and the recovery from ${count(open, 'kill')} were not waited for.`
  );
}

/** Everything that is wrong, a sentence each. */
export function complaints(result: ChaosResult): string[] {
  const { verdict, failure, socketsClosedWithoutReason: closed, kinds, cutShort } = result;
  const found = findingKinds
    .filter(kind => verdict[kind].length > 0 && !(cutShort && kind === 'lost'))
    .map(kind => `${count(verdict[kind].length, 'message')} ${kind.replace('_', ' ')}`);
  if (failure !== null) found.push(failure);
  if (!cutShort && !isClean(verdict) && verdict.counts.undecided > 0)
    found.push(`${count(verdict.counts.undecided, 'message')} without an answer`);
  if (closed > 0) {
    const blameless = kinds.filter(kind => !factsOf(kind).closesSockets).join(', ');
    found.push(
      `${count(closed, 'socket')} closed with no gateway or server killed: kills of ${blameless} must close none`,
    );
  }
  for (const { kind, notRecovered } of summaries(result))
    if (notRecovered > 0 && !cutShort)
      found.push(`not recovered from ${count(notRecovered, 'kill')} of ${kind}`);
  return found;
}

/** `1 kill`, `2 kills`. */
export const count = (many: number, what: string): string =>
  `${many} ${what}${many === 1 ? '' : 's'}`;
