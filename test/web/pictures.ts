/**
 * Makes docs/pictures/observer-*.png anew, from a real server with people on it of whom some have bad luck:
 * `npm run build && node dist/test/web/pictures.js`, about two minutes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { registerUsers } from '../../lab/accounts.ts';
import { Load } from '../../lab/load.ts';
import { startServerProcess } from '../../lab/server-process.ts';
import { OBSERVER_API, type ProcessesAnswer, type ProcessRow } from '../../protocol/observer.ts';
import { openBrowser } from './browser.ts';
import { withPalette } from './palette-png.ts';

const PEOPLE = 60;
const LOAD_SECONDS = 90;
const DESK: BrowserContextOptions = { viewport: { width: 1_200, height: 720 } };
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 700 } };

const target = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url));

const server = await startServerProcess();
const browser = await openBrowser();
try {
  mkdirSync(target, { recursive: true });
  const token = readFileSync(join(server.directory, 'admin-token'), 'utf8').trim();
  const identities = await registerUsers(server.url, 'user', PEOPLE);
  const load = await Load.connect({
    server: server.url,
    identities,
    bodyBytes: 200,
    shape: { kind: 'pairs' },
    window: 8,
  });
  const running = load.run({ seconds: LOAD_SECONDS, ratePerSecond: 240 });

  const overview = await open(browser, token, '/', { ...DESK, colorScheme: 'dark' });
  const tree = await open(browser, token, '/tree', { ...DESK, colorScheme: 'dark' });
  const phone = await open(browser, token, '/', { ...PHONE, colorScheme: 'light' });
  const branches = [
    'isolate\\.1',
    'application\\.isolate',
    'isolate',
    'exchange',
    'mailboxes',
    'mailboxes\\.0',
  ];
  for (const branch of branches) {
    const item = tree.getByRole('treeitem', { name: new RegExp(`^${branch} ?,`) });
    await item.waitFor();
    if ((await item.getAttribute('aria-expanded')) === 'false') await item.click();
  }
  await tree
    .getByRole('treeitem', { name: /^mailbox\.user/ })
    .first()
    .scrollIntoViewIfNeeded();

  // The charts need a past.
  for (let polls = 0; polls < 45; polls += 1) await overview.waitForResponse(/api\/system/);
  const [victim, ...others] = await mailboxesOf(token, 'mailbox.user');
  for (const { pid } of others.slice(0, 2)) await kill(token, pid);
  const name = await tree
    .getByRole('treeitem', { name: /^mailbox\.user/ })
    .first()
    .textContent();
  const first = /mailbox\.user\d+/.exec(name ?? '')?.[0] ?? '';
  const shown = (await mailboxesOf(token, first)).find(row => row.name === first);
  await kill(token, shown?.pid);
  await tree
    .getByRole('treeitem', { name: /, restarted/ })
    .first()
    .waitFor();
  await picture(tree, 'tree');

  const page = await open(browser, token, `/process/${victim?.pid ?? 0}`, {
    ...DESK,
    colorScheme: 'light',
  });
  await page.getByRole('button', { name: 'Trace' }).click();
  await page.getByRole('table', { name: 'Trace' }).getByRole('row').nth(4).waitFor();
  await picture(page, 'process');
  await page.goto(`${server.url}/observer#/processes`);
  await page.getByLabel('Order').selectOption('time');
  await page.getByRole('link', { name: 'store.0' }).waitFor();
  await picture(page, 'processes');
  const timeline = await open(browser, token, '/timeline', { ...DESK, colorScheme: 'dark' });
  await timeline.getByText('restarted after').first().waitFor();
  await picture(timeline, 'timeline');
  await overview.getByText('restarted after').first().waitFor();
  await picture(overview, 'overview');
  await picture(phone, 'phone');
  await running;
  load.close();
} finally {
  await browser.close();
  await server.end();
}

async function open(
  browser: Browser,
  token: string,
  view: string,
  options: BrowserContextOptions,
): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(`${server.url}/observer#token=${token}`);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.goto(`${server.url}/observer#${view}`);
  await page.getByText('Asking the server').first().waitFor({ state: 'detached' });
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  const png = withPalette(await page.screenshot());
  writeFileSync(join(target, `observer-${name}.png`), png);
}

async function mailboxesOf(token: string, q: string): Promise<readonly ProcessRow[]> {
  const response = await fetch(`${server.url}${OBSERVER_API}/processes?sort=callbacks&q=${q}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { rows } = (await response.json()) as ProcessesAnswer;
  return rows;
}

async function kill(token: string, pid: number | undefined): Promise<void> {
  await fetch(`${server.url}${OBSERVER_API}/process/${pid ?? 0}/exit`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ reason: 'kill' }),
  });
}
