/** What is asked, when, and of a server that is not there. */
import t from 'tap';
import { TOKEN } from './fake-server.ts';
import { Visit } from './visit.ts';

const visit = new Visit(t);

void t.test('asks once a second while it is seen, and not at all while it is hidden', async t => {
  const page = await visit.newPage();
  await page.clock.install();
  await page.goto(`${visit.server.url}#token=${TOKEN}`);
  await page.getByRole('heading', { name: 'Isolates' }).waitFor();
  const systems = (): number =>
    visit.server.asked.filter(({ address }) => address.startsWith('system')).length;
  const before = systems();
  const next = page.waitForResponse(/api\/system/);
  await page.clock.runFor(1_000);
  await next;
  t.equal(systems(), before + 1);
  t.match(visit.server.asked.at(-1)?.address, /\?after=\d+|limit=/, 'and only for what is new');
  await setHidden(true);
  const asked = visit.server.asked.length;
  await page.clock.runFor(60_000);
  t.equal(visit.server.asked.length, asked);
  const again = page.waitForResponse(/api\/system/);
  await setHidden(false);
  await again;
});

const setHidden = (hidden: boolean): Promise<unknown> =>
  visit.observed.page.evaluate(
    `Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
     document.dispatchEvent(new Event('visibilitychange'))`,
  );

void t.test(
  'a server that goes away: the page says so, keeps what it knew, and comes back by itself',
  async t => {
    const page = await visit.open('/processes');
    const banner = page.getByRole('alert').getByText('The server does not answer');
    await visit.server.stop();
    await banner.waitFor();
    t.ok(await page.getByRole('link', { name: 'mailbox.user000003' }).isVisible());
    t.same(await visit.observed.violations(), []);
    const asked = visit.server.asked.length;
    await visit.server.start();
    await banner.waitFor({ state: 'detached' });
    t.ok(visit.server.asked.length > asked);
  },
);

void t.test(
  'a server whose observer is off: the page says how it is switched on, and sees when it is',
  async t => {
    visit.server.off = true;
    const page = await visit.newPage();
    await page.goto(`${visit.server.url}#token=${TOKEN}`);
    await page.getByRole('alert').getByText('started with --observer').waitFor();
    t.same(await visit.observed.violations(), []);
    visit.server.off = false;
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  },
);
