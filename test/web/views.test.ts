/** Every view: for everybody, offline, within the Content-Security-Policy, on a phone. */
import t from 'tap';
import { pids } from './fake-answers.ts';
import { Visit } from './visit.ts';

const visit = new Visit(t);

const views = [
  '/',
  '/tree',
  '/processes',
  `/process/${pids.store}`,
  `/process/${pids.machine}`,
  `/process/${pids.mailboxes}`,
  '/timeline',
  '/registry',
  '/tables',
  '/tables/0/mailbox_rows',
  '/sockets',
  '/isolates',
  '/code',
] as const;

for (const [colorScheme, width, rules] of [
  ['dark', 1_280, []],
  // What the theme and the width can change.
  ['light', 1_280, ['color-contrast']],
  ['dark', 360, ['scrollable-region-focusable', 'target-size', 'color-contrast']],
] as const) {
  void t.test(
    `every view, ${colorScheme}, ${width} pixels: for everybody, offline, within the policy`,
    async t => {
      const page = await visit.open('/', { colorScheme, viewport: { width, height: 800 } });
      for (const view of views) {
        await visit.go(view);
        t.same(await visit.observed.violations(rules), [], `axe on ${view}`);
        t.notOk(await visit.observed.scrollsSideways(), `${view} fits`);
        t.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
      }
      t.same(visit.observed.troubles, []);
      t.same(visit.observed.strangers, []);
    },
  );
}

void t.test('on a phone the view that is looked at can be seen among the others', async t => {
  const page = await visit.open('/code', { viewport: { width: 360, height: 700 } });
  const place = await page.getByRole('link', { name: 'Code', exact: true }).boundingBox();
  t.ok(place !== null && place.x >= 0 && place.x + place.width <= 360, JSON.stringify(place));
});

void t.test('a state machine; and a trace, in which states are one line each', async t => {
  const page = await visit.open(`/process/${pids.machine}`);
  await page.getByText('state_functions, state_enter').waitFor();
  const trace = page.getByRole('table', { name: 'Trace' });
  await trace.getByRole('row').nth(2).waitFor();
  const open = (what: string): Promise<number> =>
    trace.getByRole('row').filter({ hasText: what }).locator('details[open]').count();
  t.equal(await open('noreply'), 0);
  t.equal(await open('in'), 1);
});

void t.test('nothing jumps while it is asked again', async t => {
  const page = await visit.open('/');
  await page.getByRole('heading', { name: 'What happened last' }).waitFor();
  const places = (): Promise<unknown> =>
    page.evaluate(
      `JSON.stringify([...document.querySelectorAll('h2, th, .chart, .incident')]
         .map(element => element.getBoundingClientRect()).map(({ x, y, width, height }) => [x, y, width, height].map(Math.round)))`,
    );
  const before = await places();
  for (let poll = 0; poll < 3; poll += 1) await page.waitForResponse(/api\/system/);
  t.equal(await places(), before);
});

void t.test('a process that is not there', async t => {
  const page = await visit.open(`/process/${pids.gone}`);
  await page.getByRole('alert').getByText('No such process lives').waitFor();
  t.same(await visit.observed.violations(), []);
});

void t.test('an address that leads nowhere says so, and one with a query to its view', async t => {
  const page = await visit.open('/process/abc');
  const alert = page.getByRole('main').getByRole('alert');
  await alert.getByText('There is no such view').waitFor();
  t.equal(await page.getByText('NaN').count(), 0);
  await visit.go('/tables/x/mailbox_rows');
  await alert.getByText('There is no such view').waitFor();
  await visit.go('/tables/9/zz');
  await alert.getByText('There is no such').waitFor();
  t.equal(await page.getByText('Asking the server').count(), 0);
  await visit.go('/processes?limit=foo');
  await page.getByRole('heading', { level: 1, name: 'Processes' }).waitFor();
  await page.getByText('1–50 of').waitFor();
});
