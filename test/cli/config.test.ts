/** `config`: the effective configuration, with where each value came from; what it prints can be read back. */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { jsonLines, Workplace } from './strowger.ts';

const place = new Workplace();
t.teardown(() => place.end());

void t.test('what is printed is taken as a file, and means the same', async t => {
  writeFileSync(place.path('a.toml'), 'host = "0.0.0.0"\n[limits]\nconnections = 7\n');
  const environment = { STROWGER_PORT: '8081' };
  const flags = ['--log-level', 'debug', '--isolates', '2'];
  const printed = await place.run(['config', '--config', 'a.toml', ...flags], { environment });
  t.equal(printed.code, 0, printed.stderr);
  for (const line of [
    `host = "0.0.0.0" # ${place.path('a.toml')}`,
    'port = 8081 # STROWGER_PORT',
    'count = 2 # --isolates',
    'shards = 2 # default',
    '# key is not set',
  ])
    t.ok(printed.stdout.split('\n').includes(line), line);
  writeFileSync(place.path('b.toml'), printed.stdout);
  const values = async (...args: readonly string[]) => {
    const { stdout } = await place.run(['config', '--json', ...args], { environment });
    const [settings = {}] = jsonLines(stdout) as Record<string, { value: unknown }>[];
    return Object.fromEntries(Object.entries(settings).map(([name, { value }]) => [name, value]));
  };
  const first = await values('--config', 'a.toml', ...flags);
  t.match(first, { host: '0.0.0.0', port: 8081, 'limits.connections': 7, 'tls.key': null });
  t.strictSame(await values('--config', 'b.toml'), first);
});

void t.test('no secret is shown', async t => {
  const made = place.start(['serve', '--port', '0', '--data', 'data']);
  await made.hasPrinted(1);
  made.child.kill('SIGTERM');
  await made.ended;
  const { stdout } = await place.run(['config', '--data', 'data']);
  t.match(stdout, 'token_file = ');
  t.notMatch(stdout, /^[^#]*(secret|ticket|BEGIN)/m);
});

void t.test('what cannot be is refused as by serve', async t => {
  const { code, stderr } = await place.run(['config', '--port', 'many']);
  t.equal(code, 2);
  t.match(stderr, 'from --port');
});
