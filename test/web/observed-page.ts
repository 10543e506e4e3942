/** A page of the observer in a browser, with a note of whatever a user must never meet. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { findViolations } from './violations.ts';

/** Waiting longer for anything is a failure. */
const WAIT_MS = 15_000;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class ObservedPage {
  readonly page: Page;
  /** Errors on the console (which is where the Content-Security-Policy complains) and exceptions. */
  readonly troubles: string[] = [];
  /** Requests to anywhere but the server. */
  readonly strangers: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    page.on('console', message => {
      // A server that is away is a part of some tests, and the browser says so each time.
      if (message.type() === 'error' && !message.text().includes('net::ERR_')) {
        this.troubles.push(message.text());
      }
    });
    page.on('pageerror', error => this.troubles.push(error.message));
    page.on('request', request => {
      if (new URL(request.url()).origin !== origin) this.strangers.push(request.url());
    });
  }

  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<ObservedPage> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(WAIT_MS);
    return new ObservedPage(await context.newPage(), new URL(url).origin);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** What axe finds of serious or critical kind, with all rules or only with these. */
  async violations(rules: readonly string[] = []): Promise<readonly string[]> {
    const options = rules.length === 0 ? {} : { runOnly: rules };
    await this.page.evaluate(axe);
    return findViolations(await this.page.evaluate(`axe.run(${JSON.stringify(options)})`));
  }

  /** Whether the page is wider than its window. */
  scrollsSideways(): Promise<boolean> {
    return this.page.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
  }
}
