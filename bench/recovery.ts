/**
 * `recovery`: a store with many waiting messages, kill -9 under load, restart. Measured is the time from the start of
 * the process to its `ready`; that nothing is lost is shown by counting the rows and by letting a sample of devices
 * fetch theirs.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerUsers } from '../lab/accounts.ts';
import { LoadDevice } from '../lab/load-device.ts';
import { Oracle } from '../lab/oracle.ts';
import { rawTransport } from '../lab/raw-transport.ts';
import { startServerProcess, type ServerProcess } from '../lab/server-process.ts';
import { describeVerdict, isClean } from '../lab/verdict.ts';
import { WatchedDevice } from '../lab/watched-device.ts';
import { nodeCrypto } from '../protocol/crypto/node.ts';
import type { KeyPair } from '../protocol/crypto/backend.ts';
import type { Identity } from '../protocol/device/identity.ts';
import { deviceId, type UserId } from '../protocol/ids.ts';
import { shardFile } from '../server/data-directory.ts';
import type { Command } from '../storage/shard/contract.ts';
import { countMessages } from '../storage/shard/count-messages.ts';
import { openShard } from '../storage/shard/sqlite-shard.ts';
import { bodyBytes } from './conversation.ts';
import { serverFlags, type BenchOptions } from './options.ts';
import type { Plans } from './plans.ts';
import { machine, median, type BenchReport } from './report.ts';

interface Plan {
  readonly messages: number;
  readonly devices: number;
  readonly sample: number;
  readonly kills: number;
}

const plans: Plans<Plan> = {
  quick: { messages: 100_000, devices: 1_000, sample: 20, kills: 2 },
  whole: { messages: 1_000_000, devices: 10_000, sample: 100, kills: 5 },
};

const batch = 2_000;
const chart = 'back after kill -9';
const writers = 8;
/** Messages that the writers get through before each kill. */
const writesBeforeKill = 200;

const userAt = (index: number): UserId => `u${index}` as UserId;

/** @param options `connections` is how many devices have messages waiting */
export async function run({ quick, connections }: BenchOptions): Promise<BenchReport> {
  const planned = quick ? plans.quick : plans.whole;
  const devices = connections ?? planned.devices;
  const plan: Plan = {
    ...planned,
    devices,
    messages: devices * (planned.messages / planned.devices),
    sample: Math.min(devices, planned.sample),
  };
  const directory = await mkdtemp(join(tmpdir(), 'strowger-recovery-'));
  const server = { current: null as ServerProcess | null };
  try {
    const keys = await nodeCrypto.generateKeyPair();
    await fill(directory, plan, keys.publicKey);
    const storedBytes = (await stat(shardFile(directory, 0))).size;
    const started = await startServerProcess({ directory, flags: serverFlags(undefined) });
    server.current = started;
    const { readyMs, lost } = await killAgainAndAgain(started, plan);
    await fetchSample(started.url, plan, keys);
    await started.kill();
    const left = countMessages(shardFile(directory, 0));
    // What the sample has fetched goes when its acknowledgements are committed, which the kill may have forestalled.
    const expected = plan.messages - plan.sample * (plan.messages / plan.devices);
    if (left < expected || left > plan.messages)
      throw new Error(
        `expected ${expected} to ${plan.messages} messages to be left, counted ${left}`,
      );
    return {
      subject: 'recovery',
      machine: machine(),
      results: [
        { name: 'messages stored before the kill', value: plan.messages, unit: 'messages' },
        {
          name: 'disk for each of them',
          value: storedBytes / plan.messages,
          unit: 'bytes, 200 of them the body',
        },
        { name: 'devices', value: plan.devices, unit: 'devices' },
        { name: 'kill -9 to ready, median', value: median(readyMs) / 1000, unit: 's', chart },
        { name: 'kill -9 to ready, longest', value: Math.max(...readyMs) / 1000, unit: 's', chart },
        { name: 'lost', value: lost, unit: 'messages' },
      ],
      ratios: [],
      costs: { storedBytesPerMessage: storedBytes / plan.messages },
    };
  } finally {
    await server.current?.end();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Puts the messages in by the store's own contract, as the server would: message i is for device i mod devices. */
async function fill(
  directory: string,
  { messages, devices }: Plan,
  key: Uint8Array,
): Promise<void> {
  const shard = openShard({ file: shardFile(directory, 0), shard: 0, shards: 1 });
  const at = Date.now();
  const inBatches = async (count: number, command: (index: number) => Command): Promise<void> => {
    for (let from = 0; from < count; from += batch)
      await shard.commit(
        Array.from({ length: Math.min(batch, count - from) }, (_, i) => command(from + i)),
      );
  };
  const sender = 'filler' as UserId;
  await shard.commit([{ kind: 'register', user: sender, key, at }]);
  await inBatches(devices, index => ({ kind: 'register', user: userAt(index), key, at }));
  const body = nodeCrypto.randomBytes(bodyBytes);
  await inBatches(messages, index => ({
    kind: 'decide',
    device: deviceId(sender, 1),
    offer: { seq: index + 1, prev: index, rev: 0 },
    intent: {
      kind: 'message',
      conversation: null,
      targets: [deviceId(userAt(index % devices), 1)],
      body,
    },
    at,
  }));
  shard.close();
}

/** @returns the milliseconds from each start to `ready`, and how many of the writers' messages were lost */
async function killAgainAndAgain(
  server: ServerProcess,
  { kills }: Plan,
): Promise<{ readyMs: number[]; lost: number }> {
  const oracle = new Oracle();
  const identities = await registerUsers(server.url, 'writer', writers);
  const devices = await Promise.all(
    identities.map(identity => WatchedDevice.start({ identity, oracle })),
  );
  let over = false;
  const writing = Promise.all(
    devices.map(async (device, index) => {
      const peer = devices[(index + 1) % devices.length];
      while (!over && peer !== undefined) {
        const { accepted } = await device.send({ to: peer.user }, { targets: [peer.id] });
        await accepted;
      }
    }),
  );
  const readyMs: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const goal = oracle.counts.accepted + writesBeforeKill;
    await oracle.when(() => oracle.counts.accepted >= goal);
    await server.kill();
    readyMs.push(await server.start());
  }
  over = true;
  await writing;
  await oracle.settled(AbortSignal.timeout(30_000));
  await Promise.all(devices.map(device => device.close()));
  const verdict = oracle.verdict();
  if (!isClean(verdict)) throw new Error(describeVerdict(verdict));
  return { readyMs, lost: verdict.lost.length };
}

/** Some devices log in and get every message that is theirs, in order. */
async function fetchSample(server: string, plan: Plan, keys: KeyPair): Promise<void> {
  const step = plan.devices / plan.sample;
  for (let i = 0; i < plan.sample; i++) {
    const index = Math.floor(i * step);
    const user = userAt(index);
    const identity = { server, user, device: deviceId(user, 1), ...keys, retired: false };
    await fetchAll(identity, index, plan);
  }
}

function fetchAll(identity: Identity, index: number, { messages, devices }: Plan): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = index + 1;
    let leaving = false;
    const connecting = LoadDevice.connect(identity.server, identity, rawTransport(), {
      onAccepted: () => undefined,
      onMessage: (device, { seq }) => {
        if (seq !== next)
          reject(new Error(`${device.id} was to get message ${next}, it got ${seq}`));
        next += devices;
      },
      onFrameEnd: device => {
        if (next <= messages || leaving) return;
        leaving = true;
        resolve(device.leave());
      },
      onFailure: reject,
    });
    connecting.catch(reject);
  });
}
