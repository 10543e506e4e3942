import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { page } from '../../bench/page/page.ts';
import { isReached, wanted, type RecordedReport } from '../../bench/report.ts';
import { endWithUs } from '../../lab/end-with-us.ts';

const report: RecordedReport = {
  subject: 'relay',
  machine: { cpu: 'a <fast> one', cores: 2, memoryGiB: 4, platform: 'linux x64', node: 'v20' },
  results: [
    { name: 'one & only', value: 50, unit: 'messages/s', chart: 'rates' },
    { name: 'twice that', value: 100, unit: 'messages/s', chart: 'rates' },
    { name: 'not measured', value: NaN, unit: 'ms', chart: 'rates' },
    { name: 'beside', value: 3, unit: 'ms' },
  ],
  ratios: [{ name: 'one / other', value: 0.5, baseline: 'of the other' }],
  targets: [
    { name: 'fast enough', value: 50, unit: 'messages/s', atLeast: 40 },
    { name: 'soon enough', value: 50, unit: 'ms', atMost: 10 },
  ],
  notes: ['"quoted"'],
  at: '2026-01-02T03:04:05.000Z',
  command: 'bench relay',
  commit: 'abc1234',
  quick: true,
};

void t.test('everything is on the page, and nothing is from elsewhere', async t => {
  const html = page([report], [{ subject: 'peers', message: 'ejabberd is not <there>' }]);
  for (const text of [
    'one &#38; only',
    'a &#60;fast&#62; one, 2 cores',
    '2026-01-02T03:04:05.000Z, commit abc1234',
    '0.50 ×',
    '≥ 40',
    'class="reached"',
    'class="missed"',
    'A short run',
    'rates (more is better)',
    'messages in pairs, stored and acknowledged',
    '&#34;quoted&#34;',
    'Not measured: ejabberd is not &#60;there&#62;',
  ])
    t.ok(html.includes(text), text);
  t.notMatch(html, /<script|src=|url\(|@import|href="(?!#)/, 'nothing is loaded');
  t.notMatch(html, /NaN px|width="NaN/, 'no bar without a number');
});

void t.test('names and figures have room, however long they are', async t => {
  const name = 'a contestant with a name that is much longer than those of all the others '.repeat(
    2,
  );
  const results = [{ name, value: 1234, unit: 'bytes that somebody counted', chart: 'memory' }];
  const html = page([{ ...report, results }], []);
  const [, wide = 0] = (/viewBox="0 0 ([\d.]+)/.exec(html) ?? []).map(Number);
  const [, barX = 0] = (/<rect x="([\d.]+)/.exec(html) ?? []).map(Number);
  const [, figureX = 0] = (/<text x="([\d.]+)" y="[\d.]+">/.exec(html) ?? []).map(Number);
  // No letter of a common font is wider than half of its height and a bit.
  t.ok(barX >= name.length * 7, 'left of the bars');
  t.ok(wide - figureX >= results[0]!.unit.length * 7, 'right of them');
  t.match(html, /memory \(less is better\)/);
});

void t.test('bars are as long as their figures', async t => {
  const widths = [...page([report], []).matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(match =>
    Number(match[1]),
  );
  t.equal(widths.length, 3);
  const [one = 0, twice = 0, none = -1] = widths;
  t.ok(Math.abs(twice - 2 * one) < 0.2);
  t.equal(none, 0);
});

void t.test('a target has an upper or a lower end', async t => {
  const [fast, soon] = report.targets ?? [];
  t.ok(fast && isReached(fast));
  t.notOk(soon && isReached(soon));
  t.equal(soon && wanted(soon), '≤ 10');
  t.notOk(isReached({ name: '', unit: '', value: NaN, atLeast: 0 }), 'no figure reaches nothing');
});

void t.test('bench all --from: the page of earlier reports', async t => {
  const directory = t.testdir({ 'relay.json': JSON.stringify(report) });
  const html = join(directory, 'page.html');
  const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
  const bench = (...args: string[]): Promise<{ code: number | null; said: string }> =>
    new Promise(resolve => {
      const child = spawn(process.execPath, [main, ...args]);
      endWithUs(child);
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.once('close', code => resolve({ code, said }));
    });
  t.equal((await bench('all', '--html', html, '--from', directory)).code, 0);
  t.match(await readFile(html, 'utf8'), /one &#38; only/);
  const plan = join(directory, 'plan.json');
  t.equal(
    (await bench('plan', '--users', '1e3', '--messages-per-day', '5e4', '--json', plan)).code,
    0,
  );
  const recorded = JSON.parse(await readFile(plan, 'utf8')) as RecordedReport;
  t.equal(recorded.subject, 'plan');
  t.equal(recorded.command, 'bench plan --users 1e3 --messages-per-day 5e4');
  t.match(recorded.at, /^20\d\d-/);
  const wrong = await bench('plan', '--users', 'many');
  t.not(wrong.code, 0);
  t.match(wrong.said, /Expected a number/);
  await writeFile(join(directory, 'odd.json'), '[]');
  t.match((await bench('all', '--html', html, '--from', directory)).said, /odd\.json is no report/);
});
