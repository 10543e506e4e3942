/** Colours: on a terminal, for those who ask for them, and nowhere else. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { colorsFor, type Output } from '../../cli/colors.ts';
import { onTerminal } from '../terminal.ts';
import { strowgerCommand, Workplace } from './strowger.ts';

const terminal: Output = { isTTY: true };
/** Node says nothing of a stream that is no terminal. */
const pipe: Output = { isTTY: undefined };

const cases: readonly [out: Output, environment: Record<string, string>, colored: boolean][] = [
  [terminal, {}, true],
  [terminal, { TERM: 'xterm-256color' }, true],
  [terminal, { TERM: 'dumb' }, false],
  [terminal, { NO_COLOR: '1' }, false],
  [terminal, { NO_COLOR: '' }, true],
  [terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  [terminal, { FORCE_COLOR: '0' }, false],
  [pipe, {}, false],
  [pipe, { TERM: 'xterm-256color' }, false],
  [pipe, { CI: 'true' }, false],
  [pipe, { FORCE_COLOR: '1' }, true],
  [pipe, { FORCE_COLOR: '3', TERM: 'dumb' }, true],
  [pipe, { FORCE_COLOR: '' }, false],
  [pipe, { FORCE_COLOR: 'false' }, false],
];
for (const [out, environment, colored] of cases)
  void t.test(
    `${out === terminal ? 'a terminal' : 'a pipe'}, ${JSON.stringify(environment)}`,
    async t => {
      const { isColorSupported, red } = colorsFor(out, environment);
      t.equal(isColorSupported, colored);
      t.equal(red('x'), colored ? '\u001b[31mx\u001b[39m' : 'x');
    },
  );

void t.test('a failure, for a log and for a person', async t => {
  const place = new Workplace();
  t.teardown(() => place.end());
  const plain = /^error no_home: /m;
  const log = await place.run(['whoami'], { environment: { CI: 'true' } });
  t.match(log.stderr, plain);
  const asked = await place.run(['whoami'], { environment: { FORCE_COLOR: '1' } });
  t.match(asked.stderr, /^\u001b\[31merror no_home: /m);

  const whoami = (tail?: string): Promise<string> =>
    new Promise(resolve => {
      const env = { ...process.env, HOME: place.directory, TERM: 'xterm' };
      const [program, ...args] = onTerminal([process.execPath, strowgerCommand, 'whoami'], tail);
      execFile(program, args, { env }, (_error, stdout) => resolve(stdout));
    });
  t.match(await whoami(), /\u001b\[31merror no_home: /);
  t.equal(await whoami(`2>'${place.path('errors')}'`), '');
  t.match(readFileSync(place.path('errors'), 'utf8'), plain, 'only stdout is the terminal');
});
