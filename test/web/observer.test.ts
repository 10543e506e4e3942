/** The observer as it is: a real server, its page in a real browser. What a real server does not show on demand: the other files. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Workplace, type Running } from '../cli/strowger.ts';
import { openBrowser } from './browser.ts';
import { ObservedPage } from './observed-page.ts';

let browser: Browser;
let place: Workplace;
let running: Running;
let url: string;
const opened: ObservedPage[] = [];

t.before(async () => {
  browser = await openBrowser();
});
t.teardown(() => browser.close());
t.beforeEach(async () => {
  place = new Workplace();
  await serve('0');
});
t.afterEach(async () => {
  await Promise.all(opened.splice(0).map(observed => observed.close()));
  await place.end();
});

async function serve(port: string): Promise<void> {
  running = place.start(['serve', '--port', port, '--data', 'data']);
  const [line = ''] = await running.hasPrinted(1);
  url = line.slice('ready '.length);
}

/** Opens a view with the token of the server's data directory. */
async function open(view: string, options: BrowserContextOptions = {}): Promise<Page> {
  const token = readFileSync(place.path('data/admin-token'), 'utf8').trim();
  const observed = await ObservedPage.open(browser, url, options);
  opened.push(observed);
  await observed.page.goto(`${url}/observer#token=${token}`);
  await observed.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await observed.page.goto(`${url}/observer#${view}`);
  return observed.page;
}

/** Bob listens; a message from alice has started his mailbox. */
async function bobHasMail(): Promise<void> {
  await place.register(url, 'alice', 'bob');
  const listening = place.start(['listen', '--home', 'bob', '--json']);
  await listening.hasSaid('Listening.');
  await sendToBob();
  await listening.hasPrinted(1);
}

async function sendToBob(): Promise<void> {
  const sent = await place.run([
    'send',
    '--home',
    'alice',
    '--to',
    'bob',
    '--body',
    'a secret word',
  ]);
  if (sent.code !== 0) throw new Error(sent.stderr);
}

const search = (page: Page, text: string): Promise<void> => page.getByLabel('Search').fill(text);

void t.test(
  'finds a mailbox, kills it, and sees the restart in the tree and the end in the time line',
  async t => {
    await bobHasMail();
    const page = await open('/processes');
    await search(page, 'mailbox.bob');
    await page.getByRole('link', { name: 'mailbox.bob' }).click();
    await page.getByRole('heading', { level: 1, name: 'mailbox.bob' }).waitFor();
    const partition = await page
      .getByRole('link', { name: /^mailboxes\.\d+$/ })
      .first()
      .textContent();

    const tree = await open('/tree');
    const branches = [
      'isolate.1',
      'application.isolate',
      'isolate',
      'exchange',
      'mailboxes',
      partition ?? '',
    ];
    for (const branch of branches) {
      const item = tree.getByRole('treeitem', { name: new RegExp(`^${branch} ?,`) });
      await item.waitFor();
      if ((await item.getAttribute('aria-expanded')) === 'false') await item.click();
    }
    const bob = tree.getByRole('treeitem', { name: /^mailbox\.bob/ });
    await bob.waitFor();
    t.match(await bob.textContent(), /transient/);
    t.notMatch(await bob.textContent(), /restarted/);

    await page.getByRole('button', { name: 'Kill …' }).click();
    await page.getByRole('button', { name: 'Send the signal' }).click();
    await tree.getByRole('treeitem', { name: /^mailbox\.bob.*, restarted$/ }).waitFor();

    await page.getByRole('alert').getByText('This process is dead').waitFor();
    const dead = page.url();
    await page
      .getByRole('alert')
      .getByRole('link', { name: /^process \d+$/ })
      .click();
    await page.getByRole('button', { name: 'Kill …' }).waitFor();
    t.not(page.url(), dead, 'the name leads to the successor');

    await page.getByRole('link', { name: 'Time line' }).click();
    await search(page, 'mailbox.bob');
    const end = page
      .getByRole('listitem')
      .filter({ hasText: 'killed' })
      .filter({ hasText: 'restarted after' });
    await end.first().waitFor();
    await page.getByRole('listitem').filter({ hasText: 'action' }).first().waitFor();
    for (const { troubles, strangers } of opened) {
      // The dead process is asked for until the page knows that it is dead.
      t.same(
        troubles.filter(text => !text.includes('status of 404')),
        [],
      );
      t.same(strangers, []);
    }
  },
);

void t.test('a session, which has no name, leads to the one that came in its place', async t => {
  await bobHasMail();
  const page = await open('/processes');
  await search(page, 'session');
  await page
    .getByRole('link', { name: /^session \d+$/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Kill …' }).click();
  await page.getByRole('button', { name: 'Send the signal' }).click();
  const alert = page.getByRole('alert').filter({ hasText: 'This process is dead' });
  await alert.getByRole('link', { name: /^session \d+$/ }).waitFor();
  const dead = page.url();
  await page.reload();
  const unknown = page.getByRole('alert').filter({ hasText: 'No such process lives' });
  await unknown.getByRole('link', { name: /^session \d+$/ }).click();
  await page.getByRole('button', { name: 'Kill …' }).waitFor();
  t.not(page.url(), dead);

  await page.getByRole('link', { name: 'Time line' }).click();
  const end = page.getByRole('listitem').filter({ hasText: 'session' });
  await end.filter({ hasText: 'killed' }).filter({ hasText: 'restarted after' }).waitFor();
});

void t.test('a process closely: state, trace, suspend, resume', async t => {
  await bobHasMail();
  const page = await open('/processes');
  await search(page, 'store.0');
  await page.getByRole('link', { name: 'store.0' }).click();
  await page.getByText(/^gen_server/).waitFor();
  await page.getByRole('group', { name: 'State' }).waitFor();
  await page.getByRole('button', { name: 'Trace' }).click();
  await page.getByRole('heading', { name: 'Trace' }).waitFor();
  await sendToBob();
  const events = page.getByRole('table', { name: 'Trace' }).getByRole('row');
  await events.nth(1).waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText('stopped: by hand').waitFor();

  await page.getByRole('button', { name: 'Suspend …' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
  await page.getByText('suspended', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('suspended', { exact: true }).waitFor({ state: 'detached' });
  await sendToBob();
  t.notMatch(await page.content(), /a secret word/);
  t.same(opened[0]?.troubles, []);
});

void t.test(
  'tables, sockets, registry, isolates: for everybody, and no message in sight',
  async t => {
    await bobHasMail();
    const page = await open('/tables');
    const [observed] = opened;
    await page.getByRole('link', { name: 'accounts' }).click();
    await page.getByRole('cell', { name: /alice/ }).first().waitFor();
    t.same(await observed?.violations(), []);
    await page.getByRole('link', { name: 'Tables' }).first().click();
    await page.getByRole('link', { name: 'mailbox_journal' }).click();
    await page.getByRole('heading', { name: 'Records' }).waitFor();
    t.notMatch(await page.content(), /secret word/);

    await page.getByRole('link', { name: 'Sockets' }).click();
    await page.getByRole('link', { name: 'bob:1' }).click();
    await page
      .getByText(/session/)
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'Registry' }).click();
    await search(page, 'gateway');
    await page.getByRole('link', { name: 'gateway', exact: true }).waitFor();
    await page.getByRole('link', { name: 'Isolates', exact: true }).click();
    await page.getByRole('heading', { name: 'Isolate 1', exact: true }).waitFor();
    await page.getByRole('link', { name: 'Code' }).click();
    await page.getByRole('heading', { name: 'Modules' }).waitFor();
    for (const view of ['/', '/tree', '/isolates', '/sockets']) {
      await page.goto(`${url}/observer#${view}`);
      await page.getByText('Asking the server').first().waitFor({ state: 'detached' });
      t.same(await observed?.violations(), [], view);
    }
    t.same(observed?.troubles, []);
    t.same(observed?.strangers, []);
  },
);

void t.test(
  'the address that the command prints leads in; a supervisor that a person looks at',
  async t => {
    const { stdout } = await place.run(['observe', '--data', 'data', '--url']);
    const observed = await ObservedPage.open(browser, url);
    opened.push(observed);
    const { page } = observed;
    await page.goto(stdout.trim());
    await page.getByRole('link', { name: 'Registry' }).click();
    await search(page, 'isolates');
    await page.getByRole('link', { name: 'isolates', exact: true }).click();
    await page.getByRole('cell', { name: 'isolate.1' }).waitFor();
    t.match(await page.getByRole('main').textContent(), /Restarts used0 of 10 in 60 s/);
    t.match(await page.getByRole('main').textContent(), /Strategyone_for_one/);
    t.same(await opened[0]?.violations(), []);
  },
);

void t.test('a server that is killed and started again: the page is back by itself', async t => {
  const page = await open('/');
  const banner = page.getByRole('alert').getByText('The server does not answer');
  running.child.kill('SIGKILL');
  await running.ended;
  await banner.waitFor();
  await serve(new URL(url).port);
  await banner.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'Isolates', exact: true }).waitFor();
  t.ok(await page.getByText('connected').isVisible());
});
