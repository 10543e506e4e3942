/** One page for people about a chaos run: no script, nothing from the network. */
import { escapeText as text } from '../page/html.ts';
import { style } from '../page/style.ts';
import { timeline, type Event } from '../page/timeline.ts';
import { findingKinds } from '../verdict.ts';
import { complaints, outcomeOf, summaries, verdictSentence, type ChaosResult } from './result.ts';

export function chaosPage(result: ChaosResult, at: string): string {
  const outcome = outcomeOf(result);
  const sentence = outcome === 'broken' ? complaints(result).join('; ') : verdictSentence(result);
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
${counts(result)}
<h2>Kills and recovery</h2>
<p>Recovered is a kill when everything that had been sent before it has arrived, everybody is connected, and who was
killed is there again.</p>
${recovery(result)}
<h2>Time lines</h2>
<p>Each red line is a kill.</p>
${lines(result)}
<h2>All kills</h2>
<details><summary>${result.kills.length} kills, in order</summary>${kills(result)}</details>
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
      ...findingKinds.map(kind => [kind.replace('_', ' '), verdict[kind].length] as const),
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

function lines({ timeline: seconds_, kills: done, seconds }: ChaosResult): string {
  const events: Event[] = done
    .filter(({ victim }) => victim !== null)
    .map(({ doneMs, kind, victim }) => ({
      seconds: doneMs / 1_000,
      text: `${kind}: ${victim ?? ''} at ${(doneMs / 1_000).toFixed(1)} s`,
    }));
  const last = seconds_.at(-1)?.at ?? seconds;
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

const kills = (result: ChaosResult): string =>
  table(
    ['at', 'kind', 'who', 'recovered after'],
    result.kills.map(({ doneMs, kind, victim, recoveryMs }) => [
      number(`${(doneMs / 1_000).toFixed(2)} s`),
      text(kind),
      text(victim ?? 'nobody was there'),
      number(victim === null ? '' : recoveryMs === null ? 'not' : ms(recoveryMs)),
    ]),
  );

const ms = (value: number): string => (Number.isNaN(value) ? '–' : `${value.toFixed(0)} ms`);

const number = (value: string): string => `<td class="number">${text(value)}</td>`;

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${heads.map(head => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows
    .map(
      cells =>
        `<tr>${cells.map(cell => (cell.startsWith('<td') ? cell : `<td>${cell}</td>`)).join('')}</tr>`,
    )
    .join('')}</tbody></table>`;
