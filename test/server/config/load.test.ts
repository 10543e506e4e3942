import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { limits } from '../../../protocol/limits.ts';
import { ConfigError } from '../../../server/config/config-error.ts';
import { defaultIsolates } from '../../../server/config/isolate-count.ts';
import { loadConfig, loadSettings } from '../../../server/config/load.ts';
import type { ConfigSources } from '../../../server/config/load.ts';
import { options, optionNames } from '../../../server/config/options.ts';
import { flagKey, flagName } from '../../../server/config/naming.ts';

const directory = t.testdir({});

let files = 0;

function file(content: string): string {
  const path = join(directory, `${(files += 1)}-strowger.toml`);
  writeFileSync(path, content);
  return path;
}

/** The message of the refusal. */
function refusal(sources: ConfigSources): string {
  try {
    loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'it was taken';
}

void t.test('without anything it is the defaults', async t => {
  const config = loadConfig({ cwd: '/srv' });
  t.match(config, {
    dataDirectory: '/srv/data',
    host: '127.0.0.1',
    port: 8080,
    tls: undefined,
    registration: 'open',
    isolates: { count: defaultIsolates(), heartbeatMs: 1000, heapMb: 1024 },
    shards: defaultIsolates(),
    trustedProxies: [],
    logLevel: 'notice',
    adminTokenFile: '/srv/data/admin-token',
  });
  t.match(config.limits, limits);
});

void t.test('flags beat the environment, that beats the file, that beats the defaults', async t => {
  const config = file('port = 1\nhost = "::1"\n[log]\nlevel = "error"\n[limits]\nconnections = 5');
  const all = {
    flags: { port: '3', config },
    environment: { STROWGER_PORT: '2', STROWGER_HOST: '0.0.0.0', PATH: '/bin' },
  };
  t.match(loadConfig(all), {
    port: 3,
    host: '0.0.0.0',
    logLevel: 'error',
    limits: { connections: 5 },
  });
  t.match(loadConfig({ environment: { ...all.environment, STROWGER_CONFIG: config } }), {
    port: 2,
    logLevel: 'error',
  });
  t.match(loadConfig({ flags: { config, port: undefined } }), { port: 1, host: '::1' });
});

void t.test('the configuration is frozen all through', async t => {
  const config = loadConfig();
  for (const part of [config, config.limits, config.retry, config.trustedProxies]) {
    t.ok(Object.isFrozen(part));
  }
});

void t.test('who may register follows from the host unless it is said', async t => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost', '::ffff:127.0.0.1']) {
    t.equal(loadConfig({ flags: { host } }).registration, 'open', host);
  }
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'chat.example', 'localhost.example']) {
    t.equal(loadConfig({ flags: { host } }).registration, 'invite', host);
  }
  t.equal(loadConfig({ flags: { registration: 'closed' } }).registration, 'closed');
  t.equal(loadConfig({ flags: { host: '::', registration: 'open' } }).registration, 'open');
});

void t.test(
  'a core for the gateway, an isolate for each of the others, a shard for each isolate',
  async t => {
    t.same([1, 2, 3, 16, 65, 256].map(defaultIsolates), [1, 1, 2, 15, 64, 64]);
    const { isolates, shards } = loadConfig({ flags: { isolatesCount: '3' } });
    t.same([isolates.count, shards], [3, 3]);
    t.match(loadConfig({ flags: { isolates: '0' } }), { isolates: { count: 0 }, shards: 1 });
    t.match(loadConfig({ flags: { isolates: '2', shards: '8' } }), { shards: 8 });
  },
);

void t.test(
  'the short name of an option is good everywhere, but not beside the long one',
  async t => {
    t.equal(loadConfig({ environment: { STROWGER_ISOLATES: '2' } }).isolates.count, 2);
    t.equal(loadConfig({ flags: { config: file('isolates = 2') } }).isolates.count, 2);
    const table = file('[isolates]\ncount = 3\nheartbeat_ms = 500\nheap_mb = 64');
    t.same(loadConfig({ flags: { config: table } }).isolates, {
      count: 3,
      heartbeatMs: 500,
      heapMb: 64,
    });
    t.equal(
      refusal({ flags: { isolates: '2', isolatesCount: '2' } }),
      'isolates.count is given twice, by --isolates and --isolates-count: keep one.',
    );
  },
);

void t.test('with ACME the certificate’s files are in the data directory', async t => {
  const flags = { acmeDomains: 'a.example.org,b.example.org', acmeAgree: 'true', host: '::' };
  const { tls, acme } = loadConfig({ flags, cwd: '/srv' });
  t.same(tls, {
    keyFile: '/srv/data/acme/key.pem',
    certificateFile: '/srv/data/acme/certificate.pem',
  });
  t.same(acme, {
    domains: ['a.example.org', 'b.example.org'],
    email: undefined,
    directory: 'https://acme-v02.api.letsencrypt.org/directory',
    http: { host: '::', port: 80 },
  });
});

void t.test('each setting says where it is from, and what follows from others', async t => {
  const config = file('port = 1');
  const { settings } = loadSettings({
    flags: { config, isolates: '3' },
    environment: { STROWGER_HOST: '::' },
  });
  const found = Object.fromEntries(settings.map(setting => [setting.name, setting]));
  t.match(found, {
    port: { value: 1, origin: config },
    host: { value: '::', origin: 'STROWGER_HOST' },
    'isolates.count': { value: 3, origin: '--isolates' },
    shards: { value: 3, origin: undefined },
    registration: { value: 'invite', origin: undefined },
    'tls.key': { value: undefined, origin: undefined },
  });
  t.equal(settings.length, optionNames.length);
});

void t.test('a relative path is relative to where it stands', async t => {
  const config = file('data = "store"\n[tls]\nkey = "key.pem"\ncertificate = "/etc/cert.pem"');
  t.match(loadConfig({ flags: { config }, cwd: '/srv' }), {
    dataDirectory: join(directory, 'store'),
    tls: { keyFile: join(directory, 'key.pem'), certificateFile: '/etc/cert.pem' },
    adminTokenFile: join(directory, 'store', 'admin-token'),
  });
  t.match(loadConfig({ flags: { config, data: 'd', adminTokenFile: 't' }, cwd: '/srv' }), {
    dataDirectory: '/srv/d',
    adminTokenFile: '/srv/t',
  });
});

void t.test('a wrong value is named, with where it is from and what is allowed', async t => {
  const cases: [ConfigSources, RegExp][] = [
    [
      { environment: { STROWGER_PORT: '70000' } },
      /^port: 70000 \(from STROWGER_PORT\) is not allowed; give an integer from 0 to 65535\.$/,
    ],
    [{ flags: { port: 'http' } }, /^port: "http" \(from --port\)/],
    [{ flags: { port: '' } }, /^port: ""/],
    [{ flags: { port: '80.5' } }, /^port: "80\.5"/],
    [{ flags: { host: '' } }, /^host: ""/],
    [{ flags: { registration: 'Open' } }, /^registration: "Open".*one of open, invite, closed\.$/],
    [{ flags: { trustedProxies: '10.0.0.0/33' } }, /^trusted_proxies: \["10\.0\.0\.0\/33"\]/],
    [{ flags: { trustedProxies: 'proxy.example' } }, /^trusted_proxies/],
    [{ flags: { logLevel: 'loud' } }, /^log\.level: "loud" \(from --log-level\)/],
    [{ flags: { acmeAgree: 'yes' } }, /^acme\.agree: "yes" .*give true or false\.$/],
    [{ flags: { acmeDomains: '*.example.org' } }, /^acme\.domains: \["\*\.example\.org"\]/],
    [{ flags: { acmeDomains: 'localhost' } }, /a list of host names/],
    [{ flags: { acmeDomains: '192.0.2.1' } }, /a list of host names/],
    [{ flags: { acmeDirectory: 'example.org' } }, /an address that begins with https/],
    [{ flags: { acmeDomains: 'a.example.org' } }, /needs acme\.agree = true: .*letsencrypt/],
    [
      { flags: { acmeDomains: 'a.example.org', acmeAgree: 'true', tlsKey: 'k' } },
      /beside tls\.key and tls\.certificate/,
    ],
    [{ flags: { tlsKey: 'key.pem' } }, /^tls\.key is given without tls\.certificate/],
    [{ flags: { tlsCertificate: 'cert.pem' } }, /^tls\.certificate is given without tls\.key/],
    [{ flags: { config: file('port = "8080"') } }, /^port: "8080" \(from .*strowger\.toml\)/],
    [{ flags: { config: file('port = 1.5') } }, /^port: 1\.5/],
    [{ flags: { config: file('data = 2020-01-01') } }, /^data: 2020-01-01/],
    [{ flags: { config: file('limits = 3') } }, /no option "limits"/],
    [{ flags: { config: true } }, /^--config takes the path of a file/],
    [{ flags: { config: 'nowhere.toml' }, cwd: '/srv' }, /\/srv\/nowhere\.toml.*no such file\.$/],
    [{ flags: { config: directory } }, /cannot be read: EISDIR/],
    [{ flags: { config: file('port = \n') } }, /strowger\.toml, line 1, column \d+: /],
    [
      { flags: { limitsUnacceptedSends: String(limits.unacceptedSends + 1) } },
      /^limits\.unaccepted_sends: 257 .*an integer from 1 to 256\.$/,
    ],
  ];
  for (const [sources, expected] of cases) t.match(refusal(sources), expected);
});

void t.test('an unknown name is refused with what may have been meant', async t => {
  const cases: [ConfigSources, RegExp][] = [
    [{ flags: { config: file('prot = 1') } }, /no option "prot" in .*Did you mean "port"\?/],
    [{ flags: { config: file('[limit]\nconnections = 1') } }, /no option "limit"/],
    [
      { flags: { config: file('[limits]\nconections = 1') } },
      /no option "limits\.conections".*Did you mean "limits\.connections"\?/,
    ],
    [{ flags: { config: file('zzzzzz = 1') } }, /docs\/operations\.md lists the options/],
    [{ flags: { tlsCertficate: 'x' } }, /no flag "tlsCertficate"\. Did you mean "tlsCertificate"/],
    [{ environment: { STROWGER_PROT: '1' } }, /"STROWGER_PROT"\. Did you mean "STROWGER_PORT"\?/],
  ];
  for (const [sources, expected] of cases) t.match(refusal(sources), expected);
  // Other commands have variables of their own.
  t.match(loadConfig({ environment: { STROWGER_HOME: '/home/alice' } }), { port: 8080 });
});

void t.test('lists in text and in a file', async t => {
  const text = { STROWGER_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::1,' };
  t.same(loadConfig({ environment: text }).trustedProxies, ['10.0.0.0/8', '2001:db8::1']);
  const config = file('trusted_proxies = ["10.0.0.1"]');
  t.same(loadConfig({ flags: { config } }).trustedProxies, ['10.0.0.1']);
});

void t.test('every default is a value that its option takes', async t => {
  for (const name of optionNames) {
    const option = options[name];
    if (option.default === undefined) t.ok(option.defaultText, `${name} says what holds instead`);
    else t.ok(option.schema.safeParse(option.default).success, name);
  }
});

void t.test('every flag finds its option', async t => {
  const given: Record<string, string> = {
    host: '::1',
    registration: 'closed',
    trustedProxies: '10.0.0.1',
    logLevel: 'debug',
    tlsKey: 'key',
    tlsCertificate: 'certificate',
    data: 'd',
    adminTokenFile: 'token',
    shards: '3',
    observer: 'false',
  };
  const parsed = optionNames.map(name => {
    const [key, { default: value }] = [flagKey(name), options[name]];
    return [key, given[key] ?? String(value)] as const;
  });
  t.equal(parsed.length, optionNames.length);
  const config = loadConfig({ flags: Object.fromEntries(parsed), cwd: '/srv' });
  t.match(config, {
    host: '::1',
    registration: 'closed',
    logLevel: 'debug',
    shards: 3,
    observer: false,
  });
  t.equal(flagName('data'), '--data');
  t.equal(flagName('limits.connections_per_address'), '--limits-connections-per-address');
});

void t.test(
  'the observer is there where only this machine can connect, else when it is asked for',
  async t => {
    const observer = (flags: Record<string, string>): boolean => loadConfig({ flags }).observer;
    t.equal(observer({}), true);
    t.equal(observer({ host: '::1' }), true);
    t.equal(observer({ observer: 'false' }), false);
    t.equal(observer({ host: '0.0.0.0' }), false);
    t.equal(observer({ host: '0.0.0.0', observer: 'true' }), true);
  },
);
