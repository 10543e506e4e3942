import t from 'tap';
import {
  newReceipt,
  raiseDelivered,
  raiseRead,
  readPairs,
} from '../../../protocol/delivery/receipt.ts';
import type { GroupId } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';

const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;

void t.test('what is delivered only rises; what tells nothing new is the same object', async t => {
  const three = raiseDelivered(newReceipt, 3);
  t.equal(three.delivered, 3);
  t.equal(raiseDelivered(three, 3), three);
  t.equal(raiseDelivered(three, 2), three);
});

void t.test('what is read only rises, up to what was stored, per conversation', async t => {
  const stored = { ...newReceipt, stored: 5 };
  t.equal(raiseRead(newReceipt, null, 5), newReceipt, 'nothing was stored');
  const read = raiseRead(raiseRead(stored, null, 4), group, 9);
  t.same(readPairs(read), [
    [null, 4],
    [group, 5],
  ]);
  t.equal(raiseRead(read, null, 4), read);
  t.equal(raiseRead(read, group, 5), read);
  t.same(raiseRead(read, null, 5).read, { '': 5, [group]: 5 });
});

void t.test('only so many conversations have a watermark', async t => {
  let state = { ...newReceipt, stored: 5 };
  const conversation = (i: number) => `g_${String(i).padStart(22, 'A')}` as GroupId;
  for (let i = 0; i < limits.conversationsPerReceipt; i++)
    state = raiseRead(state, conversation(i), 1);
  t.equal(raiseRead(state, null, 1), state, 'one too many');
  t.equal(raiseRead(state, conversation(0), 2).read[conversation(0)], 2, 'those that are, rise');
});
