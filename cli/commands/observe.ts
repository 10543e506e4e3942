/** `strowger observe`: what goes on in a running server, in the terminal; or the way to its page. */
import type { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import { ClientError } from '../../client/errors.ts';
import { findServer, withServer, type AdministerOptions } from '../administer.ts';
import { failureOf } from '../failure.ts';
import { look, type Glance, type Observed } from '../observe/look.ts';
import { screen, screenWith, terminalSize, type TerminalSize } from '../observe/screen.ts';
import { untilQuit, watch } from '../observe/watch.ts';
import { print, printJson, stdoutStyles } from '../output.ts';

interface Options extends AdministerOptions {
  readonly once?: true;
  readonly json?: true;
  readonly url?: true;
}

const EVERY_MS = 1_000;

export function defineObserve(command: Command): void {
  withServer(command)
    .option('--once', 'look once; so it is too when stdout is no terminal')
    .option('--json', 'print JSON, one line a look')
    .option('--url', 'print the address of the observer’s page, with the token in it, and end')
    .addHelpText('after', '\nThe key q ends it.')
    .action(observe);
}

async function observe({ once, json, url, ...options }: Options): Promise<void> {
  const observed = findServer(options);
  if (url === true) {
    await print(`${observed.server}/observer#token=${observed.token}`);
    return;
  }
  if (once === true || !process.stdout.isTTY) {
    const glance = await look(observed);
    await (json === true ? printJson(glance) : print(screen(glance, { styles: stdoutStyles })));
    return;
  }
  await (json === true ? watchLines(observed) : watchScreen(observed));
}

async function watchScreen(observed: Observed): Promise<void> {
  const paint = createLogUpdate(process.stdout, { showCursor: false });
  let shown = '';
  await watch<Glance>({
    look: () => look(observed),
    show: glance => {
      shown = screen(glance, { styles: stdoutStyles, size: frameSize() });
      paint(shown);
    },
    ...retried,
    showFailure: error =>
      paint(screenWith(shown, stdoutStyles.red(failureOf(error).text), frameSize())),
    enough: untilQuit(),
  });
  paint.done();
}

/** Of the terminal as it is now; the cursor stands in its last row. */
function frameSize(): TerminalSize {
  const size = terminalSize(process.stdout);
  // What paints looks there, and paints nothing on a terminal of no rows.
  Object.assign(process.stdout, size);
  return { ...size, rows: size.rows - 1 };
}

async function watchLines(observed: Observed): Promise<void> {
  await watch<Glance>({
    look: () => look(observed),
    show: printJson,
    ...retried,
    showFailure: error => process.stderr.write(`${failureOf(error).text}\n`),
    enough: untilQuit(),
  });
}

/** A server that is away, or restarts, comes back. */
const retried = {
  everyMs: EVERY_MS,
  isPassing: (error: unknown): boolean =>
    error instanceof ClientError && (error.code === 'unreachable' || error.code === 'unavailable'),
} as const;
