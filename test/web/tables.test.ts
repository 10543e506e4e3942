/** Tables by keyboard, and the keys that lead to them. */
import t from 'tap';
import { Visit } from './visit.ts';

const visit = new Visit(t);

void t.test('a table by keyboard: search, rows, order, pages', async t => {
  const page = await visit.open('/processes');
  await page.keyboard.press('/');
  t.equal(await page.evaluate('document.activeElement.type'), 'search');
  await page.keyboard.type('user000012');
  await page.getByText('1 of 100,000 processes').waitFor();
  await page.getByRole('link', { name: 'mailbox.user000012' }).waitFor();
  await page.getByLabel('Search').fill('');
  await page.getByText('1–50 of 100,000').waitFor();
  const first = page.getByRole('link', { name: 'mailbox.user000003' });
  t.equal(await page.locator('tbody a[tabindex="0"]').count(), 1, 'Tab meets the table once');
  await first.focus();
  await page.keyboard.press('ArrowDown');
  t.equal(await page.evaluate('document.activeElement.textContent'), 'mailbox.user000000');
  await page.keyboard.press('End');
  t.equal(await page.evaluate('document.activeElement.textContent'), 'mailbox.user000049');
  await page.getByText('order held').waitFor();
  await page.keyboard.press('Home');
  await page.getByRole('button', { name: 'Time' }).click();
  t.equal(
    await page.getByRole('columnheader', { name: 'Time' }).getAttribute('aria-sort'),
    'descending',
  );
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('51–100 of 100,000').waitFor();
  const last = visit.server.asked.filter(({ address }) => address.startsWith('processes')).at(-1);
  t.equal(last?.address, 'processes?q=&sort=time&offset=50&limit=50'.replace('q=&', ''));
});

void t.test('? shows the keys, Escape closes them', async t => {
  const page = await visit.open('/');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await dialog.waitFor();
  t.same(await visit.observed.violations(), []);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
});
