/** Whole runs of the chaos lab, against real servers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runChaos, type ChaosOptions } from '../../../lab/chaos/chaos.ts';
import { choices } from '../../../lab/chaos/choices.ts';
import { killKinds } from '../../../lab/chaos/kinds.ts';
import { complaints, outcomeOf, type ChaosResult } from '../../../lab/chaos/result.ts';

const EVERY_MS = 300;

/** Runs until so many were killed. */
async function run(kills: number, options: Partial<ChaosOptions>): Promise<ChaosResult> {
  const enough = new AbortController();
  let count = 0;
  return runChaos({
    ...{ seconds: 120, drainMs: 30_000, users: 12, ratePerSecond: 60, everyMs: EVERY_MS },
    ...{ kinds: killKinds, seed: 1, until: enough.signal },
    onKill: () => {
      if (++count >= kills) enough.abort();
    },
    ...options,
  });
}

void t.test('every kind is killed, and the promises hold', async t => {
  const seed = 1;
  const result = await run(12, { seed });
  t.same(complaints(result), []);
  t.same(new Set(result.kills.map(({ kind }) => kind)), new Set(killKinds));
  for (const { kind, victim, recoveryMs } of result.kills) {
    t.type(victim, 'string', `somebody of kind ${kind} was there`);
    t.ok((recoveryMs ?? -1) >= 0, `${kind} recovered`);
  }
  const { submitted, accepted, delivered } = result.verdict.counts;
  t.ok(submitted > 50 && accepted === submitted && delivered >= submitted);
  t.ok(result.socketsClosed >= 12, 'the server and the gateway close sockets');
  t.ok(result.restarts > 0, 'supervisors told of what they started anew');
  t.ok(result.timeline.length > 0);
  t.ok(result.endedEarly);
  const chosen: unknown[] = [];
  for (const { kind, pick } of choices(seed, killKinds, EVERY_MS))
    if (chosen.push([kind, pick]) === result.kills.length) break;
  t.same(
    result.kills.map(({ kind, pick }) => [kind, pick]),
    chosen,
    'as the seed chose',
  );
});

void t.test('kills of what is no gateway and no server close no socket', async t => {
  const kinds = ['sessions', 'mailboxes', 'groups', 'store', 'code', 'isolates'] as const;
  const result = await run(12, { kinds });
  t.same(complaints(result), []);
  t.same(new Set(result.kills.map(({ kind }) => kind)), new Set(kinds));
  t.equal(result.socketsClosed, 0);
  const ends = result.kills.filter(({ victim }) => victim !== null).length;
  // Those of an isolate may end before it has told of others.
  t.ok(result.restarts >= ends - 2, `${result.restarts} restarts for ${ends} kills`);
});

void t.test('who ends it before it has begun does not wait for it', async t => {
  for (const phase of ['starting', 'registering', 'connecting'] as const) {
    const stop = new AbortController();
    const result = await run(1, {
      until: stop.signal,
      onProgress: progress => {
        if (progress.phase === phase) stop.abort();
        else if (progress.phase === 'running') t.fail(`it ran in spite of ${phase}`);
      },
    });
    t.match(result, { endedEarly: true, kills: [], seconds: 0, failure: null }, phase);
    t.equal(outcomeOf(result), 'untested');
  }
});

void t.test('cut short while its server starts again: neither is waited for', async t => {
  const stop = new AbortController();
  const result = await run(1_000, {
    ...{ kinds: ['server'], users: 4, until: stop.signal, cut: stop.signal },
    onProgress: ({ second }) => {
      if (second !== null && second.connected < 4) stop.abort();
    },
  });
  t.match(result, { endedEarly: true, failure: null });
  t.same(complaints(result), []);
});

void t.test('a server that loses messages is found out', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'strowger-losing-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(
    join(directory, 'send.js'),
    `import { builtin } from 'strowger/server';
     let count = 0;
     export default function send(state, packet) {
       const lost = packet.to?.kind === 'direct' && ++count % 5 === 0;
       builtin.send(state, lost ? { ...packet, to: { ...packet.to, users: [] } } : packet);
     }`,
  );
  const result = await run(3, {
    kinds: ['mailboxes'],
    drainMs: 1_000,
    serverArguments: ['--handlers', directory],
  });
  t.ok(result.verdict.lost.length > 0);
  t.match(complaints(result), [/^\d+ messages? lost$/]);
});

void t.test('a server that does not start', async t => {
  await t.rejects(run(1, { serverArguments: ['--shards', 'many'] }), {
    code: 'server_not_started',
    message: /shards/,
  });
});
