/** The Python client of this folder, written from docs/protocol.md alone, with a real server and our own SDK. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openClient } from '../../../client/client.ts';
import { memoryStore } from '../../../client/memory-store.ts';
import { wsTransport } from '../../../client/transport-ws.ts';
import { registerUser } from '../../../lab/accounts.ts';
import { lineReader } from '../../../lab/line-reader.ts';
import { startServerProcess } from '../../../lab/server-process.ts';
import { nodeCrypto } from '../../../protocol/crypto/node.ts';
import type { UserId } from '../../../protocol/ids.ts';

const script = join(import.meta.dirname, '../../../../test/protocol/python/client.py');

interface PythonEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** Runs the client to its end. @returns its exit code, its events and what it wrote on stderr */
async function runPython(args: readonly string[], onEvent: (event: PythonEvent) => void) {
  const child = spawn('python3', [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const complaints: string[] = [];
  child.stderr.on(
    'data',
    lineReader(line => complaints.push(line)),
  );
  child.stdout.on(
    'data',
    lineReader(line => onEvent(JSON.parse(line) as PythonEvent)),
  );
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, complaints: complaints.join('\n') };
}

void t.test('it answers every message once, through a cut and a kill -9 of the server', async t => {
  const server = await startServerProcess();
  const directory = await mkdtemp(join(tmpdir(), 'strowger-python-'));
  t.teardown(async () => {
    await server.end();
    await rm(directory, { recursive: true });
  });
  const alice = await openClient({
    store: memoryStore(await registerUser(server.url, 'alice')),
    transport: wsTransport(),
    crypto: nodeCrypto,
    backoff: { firstMs: 20, longestMs: 200 },
  });
  t.teardown(() => alice.close());
  await alice.connect();

  const count = 300;
  const seen: PythonEvent[] = [];
  let registered!: () => void;
  const ready = new Promise<void>(resolve => (registered = resolve));
  const python = runPython(
    [server.url, 'monty', join(directory, 'device.json'), String(count), '--cut-after', '100'],
    event => {
      seen.push(event);
      if (event.event === 'registered') registered();
    },
  );
  await Promise.race([
    ready,
    python.then(({ complaints }) => assert.fail(`the client did not start: ${complaints}`)),
  ]);

  const texts = Array.from({ length: count }, (_, i) => `message ${i} – é \u{1f980}`);
  const half = count / 2;
  const echoes: (string | null)[] = [];
  let taught!: () => void;
  const firstEcho = new Promise<void>(resolve => (taught = resolve));
  const send = (text: string) => alice.send({ to: 'monty' as UserId, text });
  const receiving = (async () => {
    for await (const event of alice.events()) {
      event.done();
      if (event.kind !== 'message') continue;
      echoes.push(event.text);
      if (echoes.length === 1) taught();
      if (echoes.length === half) {
        // The second half waits for the next server, so that the Python client has to come back for it.
        await server.kill();
        for (const text of texts.slice(half)) send(text);
        await server.start();
      }
      if (echoes.length === count) return;
    }
  })();
  // By the first message and its echo each learns the other's device list: that send is refused once and repaired.
  send(texts[0] ?? '');
  await firstEcho;
  for (const text of texts.slice(1, half)) send(text);
  await receiving;
  await alice.settled();
  const { code, complaints } = await python;

  t.equal(code, 0, complaints);
  t.same(
    echoes,
    texts.map(text => `echo: ${text}`),
  );
  const messages = seen.filter(({ event }) => event === 'message');
  t.same(
    messages.map(({ text }) => text),
    texts,
  );
  const logins = seen.filter(({ event }) => event === 'login').map(({ by }) => by);
  t.equal(logins[0], 'signature');
  t.ok(logins.length >= 3, 'it came back after the cut and after the kill');
  t.ok(
    logins.slice(1).every(by => by === 'ticket'),
    logins.join(),
  );
  t.ok(seen.some(({ event }) => event === 'cut'));
  t.ok(seen.some(({ event }) => event === 'disconnected'));
  t.match(seen.at(-1), { event: 'done', answered: count, repaired: true });
});
