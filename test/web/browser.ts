/** Debian's Chromium for the tests of the pages. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Starts the browser, without a window.
 * @throws Error that says what to install when there is none
 */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // Debian's sandbox does not start as root, which tests in containers are; they meet no page but ours.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

/** `CHROMIUM_PATH`, else the first of the usual names on the path. */
function findChromium(): string {
  const told = process.env['CHROMIUM_PATH'];
  if (told !== undefined) {
    if (isProgram(told)) return told;
    throw new Error(`CHROMIUM_PATH is ${told}, and that is no program: correct it or unset it.`);
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      if (isProgram(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error(
    'These tests need Chromium, and there is none: `apt-get install chromium`, or say where it is with CHROMIUM_PATH.',
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return false;
    throw cause;
  }
}
