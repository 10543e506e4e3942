import t from 'tap';
import { Oracle } from '../../lab/oracle.ts';
import { heapAfterCollection } from '../../lab/heap.ts';
import { describeVerdict, findingKinds, isClean, type FindingKind } from '../../lab/verdict.ts';
import type { DeviceId } from '../../protocol/ids.ts';

const a = 'alice:1' as DeviceId;
const b = 'bob:1' as DeviceId;
const c = 'carol:1' as DeviceId;

/** Alice has sent 1, 2 and 3 to bob and carol; 1 and 2 are accepted and have reached both. */
function underWay(): Oracle {
  const oracle = new Oracle();
  for (const seq of [1, 2, 3]) oracle.submitted({ device: a, seq, id: `m${seq}`, targets: [b, c] });
  for (const seq of [1, 2]) {
    oracle.accepted(a, seq);
    for (const device of [b, c]) oracle.delivery({ device, from: a, seq, id: `m${seq}` });
  }
  return oracle;
}

const kindsFound = (oracle: Oracle): FindingKind[] => {
  const verdict = oracle.verdict();
  return findingKinds.filter(kind => verdict[kind].length > 0);
};

void t.test('a clean run', async t => {
  const oracle = underWay();
  t.notOk(isClean(oracle.verdict()), 'not while something has no answer');
  oracle.accepted(a, 3);
  t.equal(oracle.owed, 2);
  oracle.delivery({ device: b, from: a, seq: 3, id: 'm3' });
  oracle.delivery({ device: c, from: a, seq: 3, id: 'm3' });
  await oracle.settled();
  t.ok(isClean(oracle.verdict()), describeVerdict(oracle.verdict()));
  t.match(oracle.counts, { submitted: 3, accepted: 3, refused: 0, delivered: 6 });
});

void t.test('what reaches a device before its sender hears of it is right', async t => {
  const oracle = underWay();
  oracle.delivery({ device: b, from: a, seq: 3, id: 'm3' });
  oracle.delivery({ device: c, from: a, seq: 3, id: 'm3' });
  oracle.accepted(a, 3);
  oracle.accepted(a, 3);
  t.equal(oracle.owed, 0);
  t.ok(isClean(oracle.verdict()));
});

const wrongs: Record<FindingKind, (oracle: Oracle) => void> = {
  lost: oracle => {
    oracle.accepted(a, 3);
    oracle.delivery({ device: b, from: a, seq: 3, id: 'm3' });
  },
  doubled: oracle => oracle.delivery({ device: b, from: a, seq: 2, id: 'm2' }),
  reordered: oracle => {
    oracle.submitted({ device: a, seq: 4, id: 'm4', targets: [b] });
    oracle.delivery({ device: b, from: a, seq: 4, id: 'm4' });
    oracle.delivery({ device: b, from: a, seq: 3, id: 'm3' });
  },
  wrongly_refused: oracle => oracle.refused(a, 3, 'blocked'),
  leaked: oracle => oracle.delivery({ device: 'dave:1' as DeviceId, from: a, seq: 2, id: 'm2' }),
  invented: oracle => oracle.delivery({ device: b, from: c, seq: 1, id: 'm9' }),
  corrupted: oracle => oracle.delivery({ device: b, from: a, seq: 3, id: 'm2' }),
  contradicted: oracle => oracle.refused(a, 2, 'blocked'),
};

for (const kind of findingKinds)
  void t.test(`it finds what is ${kind}`, async t => {
    const oracle = underWay();
    wrongs[kind](oracle);
    t.ok(kindsFound(oracle).includes(kind), describeVerdict(oracle.verdict()));
    t.notOk(isClean(oracle.verdict()));
    t.match(describeVerdict(oracle.verdict()), new RegExp(`1 ${kind}: `));
  });

void t.test('seen though it is refused', async t => {
  const before = underWay();
  before.delivery({ device: b, from: a, seq: 3, id: 'm3' });
  before.refused(a, 3, 'blocked');
  t.ok(kindsFound(before).includes('leaked'));
  const after = underWay();
  after.refused(a, 3, 'blocked');
  after.delivery({ device: b, from: a, seq: 3, id: 'm3' });
  t.ok(kindsFound(after).includes('leaked'));
});

void t.test('a refusal that the message allows is right', async t => {
  const oracle = new Oracle();
  oracle.submitted({ device: a, seq: 1, id: 'x', targets: [b], mayRefuse: ['mailbox_full'] });
  oracle.refused(a, 1, 'mailbox_full');
  t.ok(isClean(oracle.verdict()));
  oracle.accepted(a, 1);
  t.strictSame(kindsFound(oracle), ['lost', 'contradicted']);
});

void t.test('what its sender was told will not arrive is not owed', async t => {
  const oracle = underWay();
  oracle.accepted(a, 3);
  oracle.undelivered({ device: a, peer: b, after: 1, upTo: 2 });
  t.equal(oracle.owed, 2, 'the notice is about others');
  oracle.undelivered({ device: a, peer: b, after: 2, upTo: 3 });
  t.equal(oracle.owed, 1, 'carol is still owed hers');
  oracle.delivery({ device: c, from: a, seq: 3, id: 'm3' });
  t.ok(isClean(oracle.verdict()));
});

void t.test(
  'nothing is owed to a device that was removed, and what it sent may stay open',
  async t => {
    const oracle = underWay();
    oracle.accepted(a, 3);
    oracle.submitted({ device: c, seq: 1, id: 'c1', targets: [b] });
    oracle.removed(c);
    oracle.removed(c);
    t.equal(oracle.owed, 1);
    oracle.delivery({ device: b, from: a, seq: 3, id: 'm3' });
    t.ok(isClean(oracle.verdict()));
  },
);

void t.test('optional devices may see it or not', async t => {
  const oracle = new Oracle();
  oracle.submitted({ device: a, seq: 1, id: 'x', targets: [b], optional: [c] });
  oracle.accepted(a, 1);
  oracle.delivery({ device: b, from: a, seq: 1, id: 'x' });
  t.ok(isClean(oracle.verdict()));
  oracle.delivery({ device: c, from: a, seq: 1, id: 'x' });
  t.ok(isClean(oracle.verdict()));
});

void t.test('what a restored server lost and does not take again is not owed', async t => {
  const oracle = underWay();
  oracle.accepted(a, 3);
  oracle.unresolved(a, 3);
  t.equal(oracle.owed, 0);
  t.ok(isClean(oracle.verdict()));
});

void t.test('who waits for it to settle hears what is missing when time is up', async t => {
  const oracle = underWay();
  const time = new AbortController();
  const settled = oracle.settled(time.signal);
  time.abort();
  await t.rejects(settled, /1 without an answer, 0 deliveries owed/);
  await t.rejects(oracle.settled(time.signal), /did not settle/);
});

void t.test('a test that submits one number or one id twice is told', async t => {
  const oracle = underWay();
  t.throws(() => oracle.submitted({ device: a, seq: 3, id: 'new', targets: [] }), RangeError);
  t.throws(() => oracle.submitted({ device: b, seq: 1, id: 'm3', targets: [] }), RangeError);
  t.throws(
    () => oracle.submitted({ device: a, seq: 1, id: 'new', targets: [] }),
    RangeError,
    'also of a message that has settled',
  );
});

void t.test('what has settled is judged as before', async t => {
  const oracle = underWay();
  oracle.accepted(a, 2);
  t.strictSame(kindsFound(oracle), [], 'being told again changes nothing');
  oracle.delivery({ device: c, from: a, seq: 2, id: 'm2' });
  oracle.delivery({ device: 'dave:1' as DeviceId, from: a, seq: 1, id: 'm1' });
  oracle.refused(a, 1, 'blocked');
  oracle.undelivered({ device: a, peer: b, after: 0, upTo: 2 });
  oracle.removed(c);
  t.equal(oracle.owed, 0);
  t.strictSame(kindsFound(oracle), ['doubled', 'leaked', 'contradicted']);
  t.match(oracle.counts, { submitted: 3, accepted: 2, refused: 0, delivered: 6 });
});

void t.test('an optional device that sees it late is still right', async t => {
  const oracle = new Oracle();
  oracle.submitted({ device: a, seq: 1, id: 'x', targets: [b], optional: [c] });
  oracle.accepted(a, 1);
  oracle.delivery({ device: b, from: a, seq: 1, id: 'x' });
  oracle.delivery({ device: c, from: a, seq: 1, id: 'x' });
  oracle.delivery({ device: c, from: a, seq: 1, id: 'x' });
  t.strictSame(kindsFound(oracle), ['doubled']);
});

void t.test('of a message that has settled less than 8 bytes are kept', async t => {
  const oracle = new Oracle();
  const send = (from: number, upTo: number): void => {
    for (let seq = from; seq <= upTo; seq++) {
      oracle.submitted({ device: a, seq, id: `m${seq}`, targets: [b] });
      oracle.accepted(a, seq);
      oracle.delivery({ device: b, from: a, seq, id: `m${seq}` });
    }
  };
  send(1, 1_000);
  const before = await heapAfterCollection();
  const messages = 100_000;
  send(1_001, 1_000 + messages);
  const kept = ((await heapAfterCollection()) - before) / messages;
  t.ok(kept < 8, `${kept.toFixed(1)} bytes`);
  t.ok(isClean(oracle.verdict()));
});
