import t from 'tap';
import { isClean } from '../../lab/verdict.ts';
import { Witness } from '../../lab/witness.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import type { MessageRow } from '../../protocol/rows.ts';

const a = 'alice:1' as DeviceId;
const b = 'bob:1' as DeviceId;

/** What the last messages of alice to bob arrive as. */
function conversation(witness: Witness) {
  let seq = 0;
  const rows: MessageRow[] = [];
  const send = (): void => {
    witness.sends(a, [b], 40, body => {
      seq++;
      rows.push({ kind: 'message', n: seq, from: a, seq, conversation: null, acceptedAt: 1, body });
      return seq;
    });
  };
  return { send, rows };
}

void t.test('each message is judged, from when it was begun', t => {
  const witness = new Witness();
  t.throws(() => witness.verdict(), /begun/);
  const { send, rows } = conversation(witness);
  send();
  t.equal(rows[0]?.body.length, 40);
  witness.accepted(a, 1);
  witness.begin();
  for (let i = 0; i < 4; i++) send();
  const [, second, third, fourth, fifth] = rows as [MessageRow, ...MessageRow[]];
  if (!second || !third || !fourth || !fifth) throw new Error('expected five messages');
  witness.accepted(a, 5);
  for (const row of [second, third]) witness.arrived(b, row);
  t.equal(witness.verdict().counts.accepted, 4);
  t.equal(witness.verdict().lost.length, 2);
  witness.arrived(b, fifth);
  witness.arrived(b, fourth);
  t.equal(witness.verdict().reordered.length, 1);
  witness.arrived(b, third);
  t.equal(witness.verdict().doubled.length, 1);
  t.equal(witness.verdict().lost.length, 0);
  witness.arrived(b, { ...fifth, seq: 6, n: 6 });
  t.equal(witness.verdict().invented.length, 1);
  witness.begin();
  send();
  witness.accepted(a, 6);
  witness.arrived(b, rows[5]!);
  t.ok(isClean(witness.verdict()), 'begun anew, from nothing');
  t.end();
});

void t.test('served again: told its state, and what it offers again is accepted', async t => {
  const witness = new Witness();
  witness.begin();
  const { send } = conversation(witness);
  send();
  await t.rejects(witness.allServed(2, 1), /0 of 2 users/);
  const since = Date.now();

  witness.toldState(a, 1);
  witness.toldState(b, 0);
  await t.rejects(witness.allServed(2, 1), /1 of 2 users/, 'alice waits for her answer');
  const again = witness.allServed(2, 10_000);
  witness.accepted(a, 1);
  t.ok((await again) >= since);
  t.equal(witness.toldStates, 2);
  witness.disconnected(a);
  t.equal(witness.disconnections, 1);
  witness.begin();
  t.equal(witness.toldStates + witness.disconnections, 0);
});
