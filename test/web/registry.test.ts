/** Names and keys: what is listed, and where it leads. */
import t from 'tap';
import { Visit } from './visit.ts';

const visit = new Visit(t);

void t.test('names and keys, chosen by registry, each leads to its process', async t => {
  const page = await visit.open('/registry');
  const table = page.getByRole('table', { name: 'Names and keys' });
  const registries = page.getByRole('table', { name: 'Registries' });
  await registries.getByRole('row', { name: /^topics duplicate 3/ }).waitFor();
  const key = table.getByRole('row').filter({ hasText: '["line",2]' });
  t.match(await key.textContent(), /lines"busy"/);
  await page.getByLabel('Show').selectOption('keys in topics');
  await table.getByRole('row').filter({ hasText: 'topics' }).first().waitFor();
  t.match(visit.server.asked.at(-1)?.address, /kind=key&registry=topics/);
  await page.getByLabel('Show').selectOption('registered names');
  await table.getByRole('cell', { name: 'registered name' }).first().waitFor();
  await page.getByLabel('Search').fill('user000007');
  await table.getByRole('link', { name: 'mailbox.user000007' }).click();
  await page.getByRole('heading', { level: 1, name: 'mailbox.user000007' }).waitFor();
  t.equal(
    await page.evaluate('document.activeElement.textContent'),
    'mailbox.user000007',
    'who followed a link goes on at the heading',
  );
  await page.getByText('["line",3] in lines').waitFor();
  await page.getByText('and 1 more').first().waitFor();
  t.same(visit.observed.troubles, []);
});
