/** What is done to processes. */
import t from 'tap';
import { pids } from './fake-answers.ts';
import { Visit } from './visit.ts';

const visit = new Visit(t);

void t.test('whatever can hurt asks first', async t => {
  const page = await visit.open(`/process/${pids.store}`);
  const posts = () => visit.server.asked.filter(({ method }) => method === 'POST');
  await page.getByRole('button', { name: 'Kill …' }).click();
  t.equal(
    await page.evaluate('document.activeElement.textContent'),
    'Leave it',
    'the harmless button has the focus',
  );
  t.same(await visit.observed.violations(), []);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.same(posts(), []);
  t.equal(
    await page.evaluate('document.activeElement.textContent'),
    'Kill …',
    'the focus is where it was',
  );

  await page.getByRole('button', { name: 'Kill …' }).click();
  await page.getByRole('button', { name: 'Send the signal' }).click();
  await page.getByText('The exit signal is sent.').waitFor();
  t.same(posts().at(-1), {
    method: 'POST',
    address: `process/${pids.store}/exit`,
    body: { reason: 'kill' },
  });

  await page.getByRole('button', { name: 'Replace state …' }).click();
  await page.getByLabel('Value, as JSON').fill('locked');
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await page.getByRole('alert').getByText('This is no JSON').waitFor();
  t.equal(posts().length, 1, 'nothing was sent');
  await page.getByLabel('Value, as JSON').fill('"locked"');
  await page.getByLabel('Path to a part').fill('rows.0');
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await page.getByText('The state is replaced.').waitFor();
  t.same(posts().at(-1)?.body, { value: 'locked', path: ['rows', 0] });

  await page.getByRole('button', { name: 'Suspend …' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
  await page.getByText('It is suspended.').waitFor();
  t.same(posts().at(-1)?.address, `process/${pids.store}/suspend`);
});

void t.test('a supervisor’s child is terminated by its id', async t => {
  const page = await visit.open(`/process/${pids.tree}`);
  await page
    .getByRole('row', { name: /store\.0/ })
    .getByRole('button', { name: 'Terminate …' })
    .click();
  await page.getByRole('dialog').getByRole('button', { name: 'Terminate' }).click();
  await page.getByText('store.0: terminated.').waitFor();
  t.same(
    visit.server.asked.filter(({ method }) => method === 'POST'),
    [{ method: 'POST', address: `process/${pids.tree}/terminate_child`, body: { id: 'store.0' } }],
  );
});
