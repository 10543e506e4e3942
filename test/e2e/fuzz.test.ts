/**
 * Mutated and random frames at a running server, before and after login: it stays up, its memory stays flat, and the
 * people beside it notice nothing. `STROWGER_TEST_FUZZ_FRAMES` sets how many.
 */
import t from 'tap';
import { registerUsers } from '../../lab/accounts.ts';
import { rawTransport } from '../../lab/raw-transport.ts';
import { startServerProcess } from '../../lab/server-process.ts';
import { decodeServerFrame, encodeFrame } from '../../protocol/codec/frame.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import type { Identity } from '../../protocol/device/identity.ts';
import { devicePath, subprotocol } from '../../protocol/packets.ts';
import { loginBytes } from '../../protocol/signing.ts';
import { goodFrame, mutateFrame, randomFrame, seededRandom } from '../protocol/fuzz/frames.ts';
import { talk, World } from './world.ts';

const frames = Number(process.env['STROWGER_TEST_FUZZ_FRAMES'] ?? 200_000);
const attackers = 8;
/** Frames thrown at one connection; after some of them the server has closed it. */
const framesPerConnection = 64;
const allowedGrowthBytes = 96 * 1024 * 1024;

/** One connection of an attacker: logs in or not, throws its frames, and waits until the server has taken them. */
function attack(url: string, identity: Identity, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const device = identity.device!;
  return new Promise(resolve => {
    const fire = (): void => {
      for (let i = 0; i < framesPerConnection; i++)
        socket.send(random() < 0.5 ? randomFrame(random) : mutateFrame(goodFrame(random), random));
      socket.send(encodeFrame([{ kind: 'ping', token: lastToken }]));
    };
    const socket = rawTransport().connect(
      `${url.replace('http', 'ws')}${devicePath(device)}`,
      subprotocol,
      {
        onOpen: () => {
          if (seed % 4 === 0) fire();
        },
        onMessage: data => {
          for (const packet of decodeServerFrame(data)) {
            if (packet.kind === 'challenge' && seed % 4 !== 0) {
              const roles = 1 + (seed % 3);
              const signature = nodeCrypto.sign(
                identity.privateKey,
                loginBytes(device, roles, packet.nonce),
              );
              const proof = { kind: 'signature', signature } as const;
              socket.send(
                encodeFrame([{ kind: 'login', version: 1, roles, proof, agent: 'fuzz/1' }]),
              );
              fire();
            }
            if (packet.kind === 'pong' && packet.token === lastToken) socket.close();
            // Before login the last ping is an error too.
            if (packet.kind === 'error' && packet.code === 'not_logged_in' && seed % 4 === 0)
              setImmediate(() => socket.close());
          }
        },
        onClose: () => resolve(),
      },
    );
  });
}

const lastToken = 987_654_321;

void t.test(`${frames} hostile frames`, async t => {
  const server = await startServerProcess({
    flags: { 'log-level': 'error', 'limits-logins-per-account-per-minute': 1_000_000 },
  });
  t.teardown(() => server.end());
  const world = new World(t, () => server.url);
  // The generator's frames speak of alice, bob and carol: some of what they say is about somebody.
  const people = await world.people(3);
  const victims = await Promise.all(
    ['alice', 'bob', 'carol'].map(async handle => (await registerUsers(server.url, handle, 1))[0]!),
  );
  const identities = [...victims, ...(await registerUsers(server.url, 'attacker', attackers))];
  let over = false;
  const talking = talk(people, () => over);
  const connections = Math.ceil(frames / framesPerConnection);
  let next = 0;
  let warmBytes = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < connections; index = next++) {
      await attack(server.url, identities[index % identities.length]!, index);
      if (index === connections >> 1) warmBytes = await server.residentBytes();
    }
  };
  await Promise.all(Array.from({ length: attackers }, work));
  const endBytes = await server.residentBytes();
  over = true;
  await talking;
  await world.judge();
  t.ok(server.running, 'the server is up');
  t.strictSame(
    people.map(({ disconnections }) => disconnections),
    [0, 0, 0],
    'nobody beside it was disconnected',
  );
  t.comment(`resident: ${warmBytes >> 20} MiB half-way, ${endBytes >> 20} MiB at the end`);
  if (!Number.isNaN(endBytes))
    t.ok(endBytes - warmBytes < allowedGrowthBytes, 'memory does not grow with the frames');
});
