/** One page for people about a chaos run: no script, nothing from the network. */
import { escapeText as text } from '../page/html.ts';
import { style } from '../page/style.ts';
import { timeline, type Event } from '../page/timeline.ts';
import { findingKinds, type FindingKind } from '../verdict.ts';
import {
  complaints,
  count,
  notKilled,
  notWaitedFor,
  outcomeOf,
  summaries,
  verdictSentence,
  type ChaosResult,
  type Kill,
  type TimelineSecond,
} from './result.ts';

/** A page of a day's run can still be opened: of the kills those that took longest, of the seconds some together. */
const KILLS_SHOWN = 1_000;
const POINTS_SHOWN = 600;
/** Of each kind of finding. */
const CASES_SHOWN = 20;

export function chaosPage(result: ChaosResult, at: string): string {
  const outcome = outcomeOf(result);
  const sentence = outcome === 'broken' ? complaints(result).join('; ') : verdictSentence(result);
  const shown = longest(result.kills);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Strowger, a chaos run</title>
<style>${style}</style>
</head>
<body>
<h1>Strowger, a chaos run</h1>
<p>A server under load, in which processes were killed at random, while every message was followed from its sender to
each of its receivers. What was accepted must arrive once and in order, and no socket may close but for a kill of the
gateway or of the server.</p>
<p class="made">${text(how(result))}, ${text(at)}.</p>
<p><b class="${outcome === 'held' ? 'reached' : 'missed'}">${text(sentence)}</b></p>
${cut(result)}${untestedKinds(result)}${counts(result)}
${cases(result)}<h2>Kills and recovery</h2>
<p>Recovered is a kill when everything that had been sent before it has arrived, everybody is connected, and who was
killed is there again.</p>
${recovery(result)}
<h2>Time lines</h2>
<p>Each red line is a kill${shown.length < result.kills.length ? ' of those below' : ''}.</p>
${lines(result, shown)}
<h2>${shown.length < result.kills.length ? `The ${shown.length} of ${result.kills.length} kills that took longest` : 'All kills'}</h2>
<details><summary>${count(shown.length, 'kill')}, in order</summary>${kills(shown)}</details>
</body>
</html>
`;
}

const how = ({
  seed,
  users,
  ratePerSecond,
  everyMs,
  seconds,
  endedEarly,
  kinds,
}: ChaosResult): string =>
  `${users} users, ${ratePerSecond} messages/s, a kill every ${everyMs} ms of ${kinds.join(', ')}, seed ${seed}, ${seconds.toFixed(1)} s${endedEarly ? ' (ended early)' : ''}`;

function cut(result: ChaosResult): string {
  const sentence = notWaitedFor(result);
  return sentence === null ? '' : `<p class="missed">${text(sentence)}</p>\n`;
}

function untestedKinds(result: ChaosResult): string {
  const missed = notKilled(result);
  return missed.length === 0
    ? ''
    : `<p class="missed">Not killed, so not tested: ${missed.join(', ')}.</p>\n`;
}

/** Which messages it was: with them one can look into the stores and the logs. */
function cases({ verdict, cutShort }: ChaosResult): string {
  const wrong = findingKinds.filter(kind => !(cutShort && kind === 'lost'));
  const found = wrong.flatMap(kind => verdict[kind].slice(0, CASES_SHOWN));
  if (found.length === 0) return '';
  const rows = found.map(({ kind, from, seq, device, detail }) =>
    [kind.replace('_', ' '), `${from}, ${seq}`, device, detail].map(text),
  );
  return `<h2>What is wrong</h2>
<p>The first ${CASES_SHOWN} of each kind.</p>
${table(['what', 'message (sender, number)', 'at', ''], rows)}
`;
}

function longest(kills: readonly Kill[]): readonly Kill[] {
  if (kills.length <= KILLS_SHOWN) return kills;
  const time = ({ victim, recoveryMs }: Kill): number =>
    victim === null ? -1 : (recoveryMs ?? Infinity);
  const least = kills.map(time).sort((one, other) => other - one)[KILLS_SHOWN - 1] ?? 0;
  return kills.filter(kill => time(kill) >= least).slice(0, KILLS_SHOWN);
}

/** As many seconds together as leave no more points than are shown: means of the rates, the worst of the rest. */
function thinned(seconds: readonly TimelineSecond[]): readonly TimelineSecond[] {
  const together = Math.ceil(seconds.length / POINTS_SHOWN);
  if (together <= 1) return seconds;
  return Array.from({ length: Math.ceil(seconds.length / together) }, (_, index) => {
    const some = seconds.slice(index * together, (index + 1) * together);
    const last = some.at(-1) as TimelineSecond;
    const mean = (of: 'accepted' | 'delivered'): number =>
      some.reduce((sum, second) => sum + second[of], 0) / some.length;
    const slowest = some.reduce((one, other) =>
      other.latencyMs.count > 0 && !(other.latencyMs.p99 <= one.latencyMs.p99) ? other : one,
    );
    return {
      ...{ at: last.at, latencyMs: slowest.latencyMs },
      ...{ accepted: mean('accepted'), delivered: mean('delivered') },
      connected: Math.min(...some.map(({ connected }) => connected)),
    };
  });
}

/** Of a run that was cut short nobody knows what is lost. */
const findingName = (kind: FindingKind, { cutShort }: ChaosResult): string =>
  cutShort && kind === 'lost' ? 'not delivered yet' : kind.replace('_', ' ');

function counts(result: ChaosResult): string {
  const { verdict, socketsClosed, socketsClosedWithoutReason, restarts } = result;
  const { submitted, accepted, delivered, undecided } = verdict.counts;
  return table(
    ['', 'number'],
    [
      ['sent', submitted],
      ['accepted', accepted],
      ['delivered', delivered],
      ['without an answer', undecided],
      ...findingKinds.map(kind => [findingName(kind, result), verdict[kind].length] as const),
      ['sockets closed', socketsClosed],
      ['of them without a kill of the gateway or the server', socketsClosedWithoutReason],
      ['processes that supervisors started anew', restarts],
    ].map(([name, value]) => [text(String(name)), number(String(value))]),
  );
}

const recovery = (result: ChaosResult): string =>
  table(
    ['killed', 'kills', 'recovery p50', 'recovery p99', 'not recovered', 'nobody there'],
    summaries(result).map(({ kind, kills: done, p50Ms, p99Ms, notRecovered, nobody }) => [
      text(kind),
      ...[String(done), ms(p50Ms), ms(p99Ms), String(notRecovered), String(nobody)].map(number),
    ]),
  );

function lines({ timeline: every, seconds }: ChaosResult, done: readonly Kill[]): string {
  const seconds_ = thinned(every);
  const events: Event[] = done
    .filter(({ victim }) => victim !== null)
    .map(({ doneMs, kind, victim }) => ({
      seconds: doneMs / 1_000,
      text: `${kind}: ${victim ?? ''} at ${(doneMs / 1_000).toFixed(1)} s`,
    }));
  const last = Math.max(seconds, every.at(-1)?.at ?? 0);
  const points = (of: (second: (typeof seconds_)[number]) => number) =>
    seconds_.map(second => [second.at, of(second)] as const);
  const latency = (of: 'p50' | 'p99') =>
    points(({ latencyMs }) => (latencyMs.count === 0 ? NaN : latencyMs[of]));
  const common = { seconds: Math.max(last, 1), events };
  return [
    timeline({
      ...common,
      title: 'Messages a second',
      unit: '/s',
      lines: [
        { name: 'accepted', points: points(({ accepted }) => accepted) },
        { name: 'delivered', points: points(({ delivered }) => delivered) },
      ],
    }),
    timeline({
      ...common,
      title: 'From the sender to the receiver',
      unit: 'ms',
      lines: [
        { name: 'p50', points: latency('p50') },
        { name: 'p99', points: latency('p99') },
      ],
    }),
    timeline({
      ...common,
      title: 'Users connected',
      unit: '',
      lines: [{ name: 'connected', points: points(({ connected }) => connected) }],
    }),
  ].join('\n');
}

const kills = (shown: readonly Kill[]): string =>
  table(
    ['at', 'kind', 'who', 'recovered after'],
    shown.map(({ doneMs, kind, victim, recoveryMs }) => [
      number(`${(doneMs / 1_000).toFixed(2)} s`),
      text(kind),
      text(victim ?? 'nobody was there'),
      number(victim === null ? '' : recoveryMs === null ? 'not' : ms(recoveryMs)),
    ]),
  );

const ms = (value: number): string => (Number.isNaN(value) ? '–' : `${value.toFixed(0)} ms`);

const number = (value: string): string => `<td class="number">${text(value)}</td>`;

/** A column of numbers has its heading above them. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const first = rows[0] ?? [];
  const head = heads.map((name, column) =>
    first[column]?.startsWith('<td class="number"') === true
      ? `<th class="number">${name}</th>`
      : `<th>${name}</th>`,
  );
  const body = rows.map(cells =>
    cells.map(cell => (cell.startsWith('<td') ? cell : `<td>${cell}</td>`)).join(''),
  );
  return `<div class="wide"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body
    .map(cells => `<tr>${cells}</tr>`)
    .join('')}</tbody></table></div>`;
}
