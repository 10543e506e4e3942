import t from 'tap';
import { ChaosWitness } from '../../../lab/chaos/chaos-witness.ts';
import type { DeviceId } from '../../../protocol/ids.ts';
import type { MessageRow } from '../../../protocol/rows.ts';

const a = 'alice:1' as DeviceId;
const b = 'bob:1' as DeviceId;

void t.test('it counts by the second, tells who is away and when all has arrived', async t => {
  const witness = new ChaosWitness();
  witness.begin();
  const rows: MessageRow[] = [];
  const send = (seq: number): void => {
    witness.sends(a, [b], 40, body => {
      rows.push({ kind: 'message', n: seq, from: a, seq, conversation: null, acceptedAt: 1, body });
      return seq;
    });
  };
  send(5);
  send(6);
  let closed = 0;
  witness.onDisconnected(() => (closed += 1));
  witness.disconnected(b);
  const recovered = witness.recovered();
  let isRecovered = false;
  void recovered.then(() => (isRecovered = true));
  const [first, second] = rows as [MessageRow, MessageRow];
  witness.accepted(a, 6);
  t.equal(witness.arrived(b, first), true);
  t.equal(witness.arrived(b, first), false, 'it was not to come again');
  t.match(witness.takeSecond(), { accepted: 2, delivered: 1, latencyMs: { count: 1 } });
  t.match(witness.takeSecond(), { accepted: 0, delivered: 0 });
  t.equal(witness.arrived(b, second), true);
  await new Promise(resolve => setImmediate(resolve));
  t.notOk(isRecovered, 'somebody is away');
  t.equal(witness.away, 1);
  witness.toldState(b, 0);
  await recovered;
  t.equal(witness.away, 0);
  t.equal(closed, 1);
  t.equal(witness.accepts + witness.deliveries, 4);
  t.equal(witness.verdict().doubled.length, 1, 'the oracle heard of it all');
});
