/** What is shipped around the program fits it. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { environmentName } from '../../server/config/naming.ts';
import { options } from '../../server/config/options.ts';

const unit = readFileSync('packaging/strowger.service', 'utf8');
const image = readFileSync('Dockerfile', 'utf8');

/** The value of a setting of the unit. */
const setting = (name: string): string =>
  new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? `no ${name}`;

void t.test('the unit leaves room for what the server does by default', async t => {
  const connections = options['limits.connections'].default ?? NaN;
  t.ok(Number(setting('LimitNOFILE')) > 2 * connections, 'files');
  const drainMs = options['drain.timeout_ms'].default ?? NaN;
  t.ok(Number(setting('TimeoutStopSec')) * 1000 > drainMs, 'time to drain');
});

void t.test('unit and image start the server with the flags of `npm start`', async t => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: { start: string };
  };
  const flag = /--max-semi-space-size=\d+/.exec(scripts.start)?.[0] ?? 'none';
  t.equal(setting('Environment'), `NODE_OPTIONS=${flag}`);
  t.match(image, `NODE_OPTIONS=${flag}`);
  t.match(readFileSync('build/runtime/main.ts', 'utf8'), `setFlagsFromString('${flag}')`);
});

void t.test('the image names options that there are', async t => {
  const names = [...image.matchAll(/STROWGER_[A-Z_]+/g)].map(([name]) => name);
  t.strictSame(names, [environmentName('data'), environmentName('host')]);
});
