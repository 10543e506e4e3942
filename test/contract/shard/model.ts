/** Random commands, in random batches, some of which fail, with the store ended in between: it answers as SimpleShard does. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { DeviceId, GroupId, UserId } from '../../../protocol/ids.ts';
import { limits as protocolLimits } from '../../../protocol/limits.ts';
import type { Row } from '../../../protocol/rows.ts';
import { SimpleShard, type SimpleCommand } from './simple-shard.ts';
import { Subject, bodyOf, decoded, dev, failure, type ShardContract } from './fixture.ts';

const users = ['ann', 'bob', 'cid'] as UserId[];
const devices = users.flatMap(user => [dev(user, 1), dev(user, 2)]);
const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;
const limits = { ...protocolLimits, mailboxMessages: 6, mailboxBytes: 400 };

/** Numbers near what is right, so that most commands do something and some do not. */
type Step =
  | { kind: 'send'; device: DeviceId; ahead: number; prev: number; rev: number; targets: DeviceId[]; inGroup: boolean; bytes: number } // prettier-ignore
  | { kind: 'read'; device: DeviceId; sender: DeviceId; inGroup: boolean; upTo: number }
  | { kind: 'refuse'; device: DeviceId; rev: number }
  | { kind: 'ack'; device: DeviceId; ahead: number }
  | { kind: 'expire'; age: number }
  | { kind: 'remove'; device: DeviceId };

const device = fc.constantFrom(...devices);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({
    kind: fc.constant('send' as const),
    device,
    ahead: fc.constantFrom(1, 1, 1, 1, 1, 1, 0, -1, 2, 3),
    prev: fc.constantFrom(0, 0, 0, 0, 0, 1, 2),
    rev: fc.constantFrom(0, 0, 1, 2),
    targets: fc.subarray(devices, { minLength: 1 }),
    inGroup: fc.boolean(),
    bytes: fc.constantFrom(4, 4, 4, 150),
  }) }, // prettier-ignore
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('ack' as const), device, ahead: fc.integer({ min: -1, max: 6 }) }) }, // prettier-ignore
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), device, sender: device, inGroup: fc.boolean(), upTo: fc.nat(8) }) }, // prettier-ignore
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refuse' as const), device, rev: fc.nat(2) }) }, // prettier-ignore
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), age: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), device: fc.constantFrom(...devices.filter(id => id.endsWith(':2'))) }) }, // prettier-ignore
);

const run = fc.array(
  fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    fails: fc.constantFrom(false, false, false, true),
    reopen: fc.constantFrom(false, false, false, false, true),
  }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

function toCommand(step: Step, model: SimpleShard, at: number): SimpleCommand {
  const conversation = 'inGroup' in step && step.inGroup ? group : null;
  switch (step.kind) {
    case 'send': {
      const { upTo, seen } = model.deviceState(step.device);
      const seq = Math.max(1, Math.max(upTo, seen) + step.ahead);
      const prev = step.prev === 0 ? upTo : Math.max(0, seq - step.prev);
      const body = Buffer.concat([bodyOf(at), Buffer.alloc(step.bytes - 4)]);
      const targets = step.targets.filter(id => id !== step.device);
      const intent = { kind: 'message', conversation, targets, body } as const;
      return {
        kind: 'decide',
        device: step.device,
        offer: { seq, prev, rev: step.rev },
        intent,
        at,
      };
    }
    case 'read':
    case 'refuse': {
      const { upTo, seen, rev } = model.deviceState(step.device);
      const again = step.kind === 'refuse' && seen > upTo && step.rev > 0;
      const offer = { seq: again ? seen : seen + 1, prev: upTo, rev: again ? rev + step.rev : 0 };
      const intent =
        step.kind === 'read'
          ? ({ kind: 'read', sender: step.sender, conversation, upTo: step.upTo } as const)
          : ({ kind: 'refuse', why: { code: 'unknown_user', user: `u${at}` as UserId } } as const);
      return { kind: 'decide', device: step.device, offer, intent, at };
    }
    case 'ack':
      return {
        kind: 'acknowledge',
        device: step.device,
        upTo: Math.max(0, model.deviceState(step.device).acked + step.ahead),
      };
    case 'expire':
      return { kind: 'expire', after: '', before: at - step.age, devices: 100 };
    case 'remove':
      return { kind: 'remove_device', device: step.device };
  }
}

const plain = (rows: readonly Row[]): unknown[] =>
  rows.map(row =>
    row.kind === 'message' ? { ...row, body: Buffer.from(row.body).toString('hex') } : row,
  );

async function agree(subject: Subject, model: SimpleShard): Promise<void> {
  for (const id of devices) {
    assert.deepEqual(await subject.state(id), model.deviceState(id));
    assert.deepEqual(plain(await subject.rows(id)), plain(model.rows(id)));
    const paged: Row[] = [];
    for (let complete = false; !complete;) {
      const after = paged.at(-1)?.n ?? 0;
      const page = { kind: 'read_rows', device: id, after, rows: 2, bytes: 160 } as const;
      const outcome = await subject.one(page);
      paged.push(...decoded(outcome.rows));
      ({ complete } = outcome);
    }
    assert.deepEqual(plain(paged), plain(model.rows(id)));
  }
}

export function modelContract(contract: ShardContract): void {
  const numRuns = Number(process.env.SHARD_MODEL_RUNS ?? (contract.durable ? 30 : 120));

  void t.test(`${contract.name}: random batches answer as the simple model does`, async t => {
    const property = fc.asyncProperty(run, async batches => {
      const subject = new Subject(contract, { limits });
      try {
        const key = Buffer.alloc(32);
        for (const user of users) {
          await subject.one({ kind: 'register', user, key, at: 1 });
          const by = dev(user);
          const signature = Buffer.alloc(64);
          await subject.one({ kind: 'add_device', by, key: Buffer.alloc(32, 1), signature, at: 1 });
        }
        const model = new SimpleShard(subject.store.era, limits);
        let at = 1;
        // Every device has been heard of: expiry looks at those that an earlier batch has stored.
        const first = devices.map(id =>
          toCommand({ kind: 'refuse', device: id, rev: 0 }, model, ++at),
        );
        model.commit(first, false);
        await subject.commit(...first);
        for (const { steps, fails, reopen } of batches) {
          const commands = steps.map(step => toCommand(step, model, ++at));
          const expected = model.commit(commands, fails);
          const committing = subject.commit(...commands, ...(fails ? [failure] : []));
          if (fails) {
            await assert.rejects(committing, RangeError);
          } else {
            const { outcomes, appended } = await committing;
            expected.outcomes.forEach((outcome, i) => {
              if (outcome !== undefined) assert.deepEqual(outcomes[i], outcome);
            });
            const told = (rows: ReadonlyMap<DeviceId, readonly Row[]>) =>
              new Map([...rows].map(([id, rows]) => [id, plain(rows)]));
            const rows = new Map([...appended].map(([id, rows]) => [id, decoded(rows)]));
            assert.deepEqual(told(rows), told(expected.appended));
          }
          if (reopen) subject.reopen();
        }
        await agree(subject, model);
      } finally {
        subject.close();
      }
    });
    await fc.assert(property, { numRuns });
    t.pass(`${numRuns} runs`);
  });
}
