/** The supervision tree: huge, by keyboard. */
import t from 'tap';
import { MAILBOXES, pids } from './fake-answers.ts';
import { Visit } from './visit.ts';

const visit = new Visit(t);

void t.test(
  'a hundred thousand children: only what is seen is there, and is asked for',
  async t => {
    const page = await visit.open('/tree');
    const item = (name: RegExp) => page.getByRole('treeitem', { name });
    for (const name of [/^isolate\.1/, /^isolate ,/, /^mailboxes/]) {
      await item(name).click();
      t.equal(await item(name).getAttribute('aria-expanded'), 'true');
    }
    await item(/^mailbox\.user000000/).waitFor();
    const lines = await page.getByRole('treeitem').count();
    t.ok(lines < 80, `${lines} lines are in the page`);
    const treeOf = (root: number) =>
      visit.server.asked.filter(({ address }) => address.startsWith(`tree?root=${root}&`));
    t.ok(treeOf(pids.mailboxes).every(({ address }) => address.includes('offset=0&')));
    await item(/^strowger/).focus();
    await page.keyboard.press('End');
    await item(/^95,000 more/).waitFor();
    await item(/^mailbox\.user004999/).waitFor();
    t.ok(treeOf(pids.mailboxes).some(({ address }) => address.includes('offset=4800&')));
    t.notOk(
      treeOf(pids.mailboxes).some(({ address }) => address.includes('offset=2000&')),
      'what was not seen was not asked for',
    );
    t.equal(MAILBOXES, 100_000);
    t.same(visit.observed.troubles, []);
  },
);

void t.test('the tree by keyboard', async t => {
  const page = await visit.open('/tree');
  const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent');
  const press = async (key: string, name: RegExp): Promise<void> => {
    await page.keyboard.press(key);
    await page.locator('[role=treeitem]:focus').and(page.getByRole('treeitem', { name })).waitFor();
  };
  await page.getByRole('treeitem', { name: /^strowger/ }).focus();
  await press('ArrowDown', /^root/);
  await press('ArrowRight', /^isolates/);
  await press('End', /^gateway/);
  await press('ArrowUp', /^isolate\.1/);
  await page.keyboard.press('ArrowRight');
  await page.getByRole('treeitem', { name: /^isolate ,/ }).waitFor();
  await press('ArrowRight', /^isolate ,/);
  await press('ArrowLeft', /^isolate\.1/);
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('treeitem', { name: /^isolate ,/ }).waitFor({ state: 'detached' });
  await press('Home', /^strowger/);
  t.match(await focused(), /strowger, supervisor, permanent, one_for_one, 0 of 100 restarts used/);
  await press('End', /^gateway/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /gateway|5120/ }).waitFor();
  t.match(page.url(), `#/process/${pids.gateway}`);
});

for (const width of [1_280, 1_100, 800]) {
  void t.test(
    `deep down in the tree, ${width} pixels: the name is what there is room for`,
    async t => {
      const page = await visit.open('/tree', { viewport: { width, height: 720 } });
      for (const name of [/^isolate\.1/, /^isolate ,/, /^mailboxes/]) {
        await page.getByRole('treeitem', { name }).click();
      }
      await page.getByRole('treeitem', { name: /^mailbox\.user000000/ }).waitFor();
      const cut = await page.evaluate(
        `[...document.querySelectorAll('[role=treeitem] a')]
         .filter(link => link.scrollWidth > link.clientWidth + 1).map(link => link.textContent)`,
      );
      t.same(cut, []);
    },
  );
}
