/** One page for people out of the reports of all subjects: no script, nothing from the network. */
import {
  figure,
  isReached,
  wanted,
  type BenchResult,
  type Machine,
  type RecordedReport,
} from '../report.ts';
import { planSummary, subjects } from '../subjects.ts';
import { bars } from '../../lab/page/bars.ts';
import { escapeText as text } from '../../lab/page/html.ts';
import { style } from '../../lab/page/style.ts';

/** A subject that could not be measured, and why. */
export interface Failure {
  readonly subject: string;
  readonly message: string;
}

export function page(reports: readonly RecordedReport[], failures: readonly Failure[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Strowger, measured</title>
<style>${style}</style>
</head>
<body>
<h1>Strowger, measured</h1>
<p>Strowger is a chat server that one person can host: every message is on the disk before its sender is told that it was
accepted, and is deleted when its receiver has it. Below is what it was made to reach and what it reached, on the machine
that is named with each subject, its load generator on the same machine; then each subject with its figures.</p>
${overview(reports)}
${failures.map(failed).join('\n')}
${reports.map(section).join('\n')}
</body>
</html>
`;
}

function overview(reports: readonly RecordedReport[]): string {
  const rows = reports.flatMap(({ subject, targets = [] }) =>
    targets.map(target => {
      const reached = isReached(target);
      return row([
        `<a href="#${text(subject)}">${text(subject)}</a>`,
        text(target.name),
        `${figure(target.value)} ${text(target.unit)}`,
        `<td class="wanted">${text(wanted(target))}</td>`,
        `<b class="${reached ? 'reached' : 'missed'}">${reached ? 'reached' : 'missed'}</b>`,
      ]);
    }),
  );
  return table(['subject', 'target', 'measured', 'to be', ''], rows);
}

function section(report: RecordedReport): string {
  const { subject, results, ratios, notes = [], quick } = report;
  const figures = results.map(({ name, value, unit }) =>
    row([text(name), `<td class="number">${figure(value)}</td>`, text(unit)]),
  );
  const quotients = ratios.map(({ name, value, baseline }) =>
    row([text(name), `<td class="number">${value.toFixed(2)} ×</td>`, text(baseline)]),
  );
  return `<section id="${text(subject)}">
<h2>${text(subject)}</h2>
<p>${text(about(subject))}.</p>
<p class="made">${text(made(report))}${quick ? ' <b>A short run: the figures are rough.</b>' : ''}</p>
${charts(results)}
<details><summary>All figures</summary>${table(['', 'figure', 'unit'], [...figures, ...quotients])}</details>
${notes.length === 0 ? '' : `<ul>${notes.map(note => `<li>${text(note)}</li>`).join('')}</ul>`}
</section>`;
}

function charts(results: readonly BenchResult[]): string {
  const byChart = new Map<string, BenchResult[]>();
  for (const result of results)
    if (result.chart !== undefined)
      byChart.set(result.chart, [...(byChart.get(result.chart) ?? []), result]);
  return [...byChart]
    .map(([chart, members]) =>
      bars(
        `${chart} (${members.every(({ unit }) => isCost(unit)) ? 'less' : 'more'} is better)`,
        members.map(({ name, value, unit }) => ({
          name,
          value,
          text: `${figure(value)} ${unit}`,
        })),
      ),
    )
    .join('\n');
}

/** What is measured is time, memory or the like: the less, the better. */
const isCost = (unit: string): boolean => /^(s|ms|µs|bytes)\b/.test(unit);

const about = (subject: string): string =>
  subject === 'plan' ? planSummary : (subjects[subject]?.summary ?? subject);

const made = ({ machine, at, command, commit }: RecordedReport): string =>
  `${command}, ${at}${commit === null ? '' : `, commit ${commit}`}, on ${place(machine)}.`;

const place = ({ cpu, cores, memoryGiB, platform, node }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`;

const failed = ({ subject, message }: Failure): string =>
  `<section id="${text(subject)}"><h2>${text(subject)}</h2><p class="missed">Not measured: ${text(message)}</p></section>`;

const table = (heads: readonly string[], rows: readonly string[]): string =>
  rows.length === 0
    ? ''
    : `<table><thead><tr>${heads.map(head => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map(cell => (cell.startsWith('<td') ? cell : `<td>${cell}</td>`)).join('')}</tr>`;
