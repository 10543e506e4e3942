/** A visit to the observer's page of a fake server: one browser for a file of tests, server and page anew for each. */
import type { Test } from 'tap';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { FakeServer, TOKEN } from './fake-server.ts';
import { ObservedPage } from './observed-page.ts';

export class Visit {
  #browser: Browser | undefined;
  #server = new FakeServer();
  #observed: ObservedPage | undefined;

  /** For all tests of the file. */
  constructor(t: Test) {
    t.before(async () => {
      this.#browser = await openBrowser();
    });
    t.teardown(() => this.#browser?.close());
    t.beforeEach(async () => {
      this.#server = new FakeServer();
      await this.#server.start();
    });
    t.afterEach(async () => {
      await this.#observed?.close();
      this.#observed = undefined;
      await this.#server.stop();
    });
  }

  get server(): FakeServer {
    return this.#server;
  }

  get observed(): ObservedPage {
    if (this.#observed === undefined) throw new Error('no page was opened yet');
    return this.#observed;
  }

  /** A page that has not gone anywhere. */
  async newPage(options: BrowserContextOptions = {}): Promise<Page> {
    if (this.#browser === undefined) throw new Error('the browser was not started yet');
    this.#observed = await ObservedPage.open(this.#browser, this.#server.url, options);
    return this.#observed.page;
  }

  /** Opens a view as somebody who has the token. */
  async open(view: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.newPage(options);
    await page.goto(`${this.#server.url}#token=${TOKEN}`);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await this.go(view);
    return page;
  }

  /** To a view, when it has its first answers. */
  async go(view: string): Promise<void> {
    const { page } = this.observed;
    await page.goto(`${this.#server.url}#${view}`);
    await page
      .getByRole('main')
      .getByText('Asking the server')
      .first()
      .waitFor({ state: 'detached' });
    if (view === '/tree') await page.getByRole('treeitem', { name: /^gateway/ }).waitFor();
  }
}
