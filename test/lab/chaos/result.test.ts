import t from 'tap';
import { chaosPage } from '../../../lab/chaos/report.ts';
import {
  complaints,
  notKilled,
  notWaitedFor,
  outcomeOf,
  summaries,
  verdictSentence,
  type ChaosResult,
  type Kill,
} from '../../../lab/chaos/result.ts';
import { Latency } from '../../../lab/latency.ts';
import { emptyVerdict, type Finding } from '../../../lab/verdict.ts';
import type { DeviceId } from '../../../protocol/ids.ts';

const kill = (
  kind: Kill['kind'],
  recoveryMs: number | null,
  victim: string | null = kind,
): Kill => ({
  ...{ atMs: 1_000, doneMs: 1_010, pick: 0.5 },
  ...{ kind, recoveryMs, victim },
});

const clean: ChaosResult = {
  ...{ seed: 1, users: 4, ratePerSecond: 10, everyMs: 500, seconds: 3, endedEarly: false },
  cutShort: false,
  kinds: ['sessions', 'store', 'gateway'],
  verdict: emptyVerdict({ submitted: 30, accepted: 30, refused: 0, delivered: 30, undecided: 0 }),
  kills: [kill('sessions', 10), kill('sessions', 30), kill('sessions', 20), kill('store', 5)],
  timeline: [
    { at: 1, accepted: 10, delivered: 10, connected: 4, latencyMs: new Latency().summary() },
    { at: 2, accepted: 12, delivered: 9, connected: 4, latencyMs: new Latency().summary() },
  ],
  ...{ socketsClosed: 0, socketsClosedWithoutReason: 0, restarts: 4, failure: null },
};

const device = 'alice:1' as DeviceId;
const finding = (kind: Finding['kind']): Finding => ({
  kind,
  device,
  from: device,
  seq: 1,
  detail: '',
});

void t.test('recovery by kind, in the order of the kinds', t => {
  t.same(
    summaries({
      ...clean,
      kills: [...clean.kills, kill('store', null), kill('sessions', null, null)],
    }),
    [
      { kind: 'sessions', kills: 3, nobody: 1, p50Ms: 20, p99Ms: 30, notRecovered: 0 },
      { kind: 'store', kills: 2, nobody: 0, p50Ms: 5, p99Ms: 5, notRecovered: 1 },
      { kind: 'gateway', kills: 0, nobody: 0, p50Ms: NaN, p99Ms: NaN, notRecovered: 0 },
    ],
  );
  t.end();
});

void t.test('nothing is wrong with a clean run; each broken promise is told', t => {
  t.same(complaints(clean), []);
  const { verdict } = clean;
  const told = (change: Partial<ChaosResult>) => complaints({ ...clean, ...change });
  for (const kind of ['lost', 'doubled', 'reordered', 'corrupted'] as const)
    t.same(told({ verdict: { ...verdict, [kind]: [finding(kind)] } }), [`1 message ${kind}`]);
  t.same(told({ verdict: { ...verdict, counts: { ...verdict.counts, undecided: 2 } } }), [
    '2 messages without an answer',
  ]);
  t.same(told({ socketsClosed: 8 }), [], 'the gateway was killed');
  t.match(told({ socketsClosed: 8, socketsClosedWithoutReason: 1 }), [
    /^1 socket closed .* kills of sessions, store must close none$/,
  ]);
  t.same(told({ kills: [kill('store', null)] }), ['not recovered from 1 kill of store']);
  t.same(told({ failure: 'the server is gone' }), ['the server is gone']);
  t.end();
});

void t.test('of a run that was cut short it is not known what is lost; the rest is judged', t => {
  const { counts } = clean.verdict;
  const cut: ChaosResult = {
    ...clean,
    ...{ endedEarly: true, cutShort: true },
    verdict: { ...emptyVerdict({ ...counts, undecided: 2 }), lost: [finding('lost')] },
    kills: [...clean.kills, kill('store', null)],
  };
  t.same(complaints(cut), []);
  t.equal(verdictSentence(cut), 'The promises held so far.');
  const sentence =
    'Cut short: 2 messages without an answer, 1 not delivered and the recovery from 1 kill were not waited for.';
  t.equal(notWaitedFor(cut), sentence);
  t.equal(notWaitedFor(clean), null);
  const page = chaosPage(cut, 'today');
  t.match(page, sentence);
  t.match(page, />not delivered yet</);
  t.notMatch(page, /What is wrong/);
  const doubled = { ...cut, verdict: { ...cut.verdict, doubled: [finding('doubled')] } };
  t.same(complaints(doubled), ['1 message doubled']);
  const closed = { ...cut, socketsClosed: 1, socketsClosedWithoutReason: 1 };
  t.match(complaints(closed), [/^1 socket closed/]);
  t.end();
});

void t.test('a run that killed nobody, or in which nothing was accepted, tested nothing', t => {
  const { verdict } = clean;
  t.same([outcomeOf(clean), verdictSentence(clean)], ['held', 'The promises held.']);
  t.same(notKilled(clean), ['gateway']);
  const unkilled = { ...clean, kills: [kill('store', null, null)] };
  t.equal(outcomeOf(unkilled), 'untested');
  t.equal(verdictSentence(unkilled), 'Nothing was tested: nothing was killed.');
  t.match(chaosPage(unkilled, 'today'), /class="missed">Nothing was tested/);
  const unheard = { ...clean, verdict: emptyVerdict({ ...verdict.counts, accepted: 0 }) };
  t.equal(verdictSentence(unheard), 'Nothing was tested: no message was accepted.');
  const broken = { ...unkilled, failure: 'the server is gone' };
  t.equal(outcomeOf(broken), 'broken');
  t.equal(verdictSentence(broken), 'Broken: the server is gone.');
  t.end();
});

void t.test('the page tells it all, and nothing in it is taken for markup', t => {
  const page = chaosPage(
    { ...clean, kills: [kill('store', 5, '<script>alert(1)</script>')] },
    'today',
  );
  t.match(page, /The promises held\./);
  t.match(page, /<svg[^>]*aria-label="Messages a second"/);
  t.match(page, /<line [^>]*class="event"><title>store: &#60;script&#62;/);
  t.notMatch(page, /<script/);
  t.notMatch(page, /NaN|Infinity/, 'a second without deliveries is a gap');
  t.notMatch(page, /https?:/, 'nothing comes from the network');
  const broken = chaosPage(
    { ...clean, verdict: { ...clean.verdict, lost: [finding('lost')] } },
    'today',
  );
  t.match(broken, /class="missed">1 message lost/);
  t.match(broken, /<td>lost<\/td><td>alice:1, 1<\/td><td>alice:1<\/td>/, 'and which one');
  t.notMatch(page, /What is wrong/);
  t.match(page, /Not killed, so not tested: sessions, gateway\./);
  t.end();
});

void t.test('the page of a long run can still be opened', t => {
  const seconds = 86_400;
  const second = clean.timeline[0]!;
  const kills = Array.from({ length: seconds }, (_, at) => ({
    ...kill('store', at, `store.${at}`),
    doneMs: at * 1_000,
  }));
  const timeline = Array.from({ length: seconds }, (_, at) => ({
    ...second,
    at: at + 1,
    connected: at === 70_000 ? 1 : 4,
  }));
  const page = chaosPage({ ...clean, seconds, kills, timeline }, 'today');
  t.ok(page.length < 2_000_000, `${page.length} characters`);
  t.match(page, /The 1000 of 86400 kills that took longest/);
  t.match(page, /store\.86399</, 'the slowest is there');
  t.notMatch(page, /store\.100</, 'a quick one is not');
  const connected = page.slice(page.indexOf('aria-label="Users connected"'));
  const heights = new Set([...connected.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => y));
  t.equal(heights.size, 2, 'and the second in which all but one were away');
  t.end();
});
