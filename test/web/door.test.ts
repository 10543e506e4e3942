/** Who may come in, and how the page looks to them. */
import t from 'tap';
import { TOKEN } from './fake-server.ts';
import { Visit } from './visit.ts';

const visit = new Visit(t);

void t.test('the door: says where the token is, takes it, refuses another', async t => {
  const page = await visit.newPage();
  await page.goto(visit.server.url);
  await page.getByText('strowger observe --url').waitFor();
  t.match(await page.getByRole('main').textContent(), /admin-token/);
  await page.getByLabel('Admin token').fill('not-the-token');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('did not take this token').waitFor();
  t.same(await visit.observed.violations(), []);
  await page.getByLabel('Admin token').fill(TOKEN);
  await page.getByRole('button', { name: 'Open the observer' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});

void t.test('a token in the address is taken out of it and kept in the tab', async t => {
  const page = await visit.newPage();
  await page.goto(`${visit.server.url}#token=${TOKEN}`);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  t.notMatch(page.url(), TOKEN);
  t.equal(await page.evaluate('history.length'), 2, 'the address with the token is in no history');
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  t.notMatch(JSON.stringify(await page.context().cookies()), TOKEN);
  t.notMatch(await page.evaluate('JSON.stringify(localStorage)'), TOKEN);
});

void t.test('the theme: the system’s, until somebody chooses; and that is kept', async t => {
  const page = await visit.open('/', { colorScheme: 'light' });
  const ground = (): Promise<string> =>
    page.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await ground();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await ground();
  t.not(dark, light);
  await page.getByLabel('Theme').selectOption('light');
  t.equal(await ground(), light);
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  t.equal(await ground(), light);
});
