/**
 * `serve` with a certificate of an authority, as a host runs it: a process of its own, its users in isolates of their
 * own, and clients that trust the authority and nobody else.
 */
import { writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { UserId } from '../../protocol/ids.ts';
import { shardOf } from '../../protocol/shard.ts';
import { probePort } from '../../server/gateway/listen.ts';
import { AcmeServer } from '../server/acme/acme-server.ts';
import { jsonLines, Workplace, type Running } from './strowger.ts';

// The limit of the file, no wait: two servers start, and the gateway looks at its files every ten seconds.
t.setTimeout(120_000);

const NAME = 'chat.example';

/** For the clients, which ask no name server: the name leads to this machine. */
const names = `
const dns = require('node:dns');
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host === '${NAME}' ? '127.0.0.1' : host, ...rest);
`;

/** In different shards of two: what they write each other passes from isolate to isolate. */
const [alice, bob] = ['alice', 'bob'] as const;

async function freePort(): Promise<number> {
  const probe = await probePort('127.0.0.1', 0);
  if (probe[0] === 'error') throw new Error(probe[1].message);
  return probe[1];
}

class Scene {
  readonly place = new Workplace();
  readonly authority = new AcmeServer();
  readonly #serve: readonly string[];
  readonly #port: number;

  static async open(t: Test, isolates: number): Promise<Scene> {
    const [port, challengePort] = [await freePort(), await freePort()];
    const scene = new Scene(port, challengePort, isolates);
    scene.authority.challengePort = challengePort;
    await scene.authority.listen();
    t.teardown(async () => {
      await scene.place.end();
      await scene.authority.close();
    });
    writeFileSync(scene.place.path('names.cjs'), names);
    writeFileSync(scene.place.path('root.pem'), await scene.authority.root());
    return scene;
  }

  private constructor(port: number, challengePort: number, isolates: number) {
    this.#port = port;
    this.#serve = [
      ...['serve', '--data', 'data', '--port', String(port), '--isolates', String(isolates)],
      ...[
        '--acme-domains',
        NAME,
        '--acme-agree',
        'true',
        '--acme-http-port',
        String(challengePort),
      ],
    ];
  }

  /** By the name that the certificate is for. */
  get url(): string {
    return `https://${NAME}:${this.#port}`;
  }

  async serve(): Promise<Running> {
    const running = this.place.start([
      ...this.#serve,
      ...['--acme-directory', this.authority.directory],
    ]);
    await running.hasPrinted(1);
    return running;
  }

  /** A client that trusts the authority. */
  client(...args: readonly string[]): Running {
    return this.#client(args, { NODE_EXTRA_CA_CERTS: this.place.path('root.pem') });
  }

  stranger(...args: readonly string[]): Running {
    return this.#client(args, {});
  }

  #client(args: readonly string[], environment: Readonly<Record<string, string>>): Running {
    const NODE_OPTIONS = `--require ${this.place.path('names.cjs')}`;
    return this.place.start(args, { environment: { ...environment, NODE_OPTIONS } });
  }

  registration(user: string): readonly string[] {
    return ['register', '--server', this.url, '--handle', user, '--home', user];
  }

  async register(user: string): Promise<void> {
    const { code, stderr } = await this.client(...this.registration(user)).ended;
    if (code !== 0) throw new Error(`${user} could not be registered: ${stderr}`);
  }
}

void t.test('two isolates: the certificate is fetched, used for messages, and kept', async t => {
  t.not(shardOf(alice as UserId, 2), shardOf(bob as UserId, 2), 'in two isolates');
  const scene = await Scene.open(t, 2);
  const first = await scene.serve();
  await first.hasSaid(`the certificate for ${NAME} is there`);
  // The gateway sees the new files by itself.
  await first.hasSaid('new connections get the new certificate');
  t.strictSame(scene.authority.orders.map(({ domains }) => domains), [[NAME]]); // prettier-ignore
  for (const user of [alice, bob]) await scene.register(user);
  const refused = await scene.stranger(...scene.registration('eve')).ended;
  t.not(refused.code, 0, 'who does not trust the authority does not trust the server');
  t.match(refused.stderr, /certificate/);

  const listening = scene.client('listen', '--home', bob, '--json');
  await listening.hasSaid('Listening.');
  const send = async (body: string): Promise<void> => {
    const args = ['send', '--home', alice, '--to', bob, '--body', body];
    const { code, stderr } = await scene.client(...args).ended;
    t.equal(code, 0, stderr);
  };
  await send('under the new certificate');
  await listening.hasPrinted(1);

  first.child.kill('SIGTERM');
  t.equal((await first.ended).code, 0);
  const second = await scene.serve();
  await send('and after a restart');
  await listening.hasPrinted(2);
  t.equal(scene.authority.orders.length, 1, 'a restarted server keeps its certificate');
  listening.child.kill('SIGINT');
  const { code, stdout } = await listening.ended;
  t.equal(code, 0);
  t.match(jsonLines(stdout), [
    { body: 'under the new certificate' },
    { body: 'and after a restart' },
  ]);
  second.child.kill('SIGTERM');
  t.equal((await second.ended).code, 0);
});

void t.test('without isolates; SIGHUP takes the certificate at once', async t => {
  const scene = await Scene.open(t, 0);
  const running = await scene.serve();
  await running.hasSaid(`the certificate for ${NAME} is there`);
  running.child.kill('SIGHUP');
  await running.hasSaid('new connections get the new certificate');
  await scene.register(alice);
  running.child.kill('SIGTERM');
  t.equal((await running.ended).code, 0);
});
