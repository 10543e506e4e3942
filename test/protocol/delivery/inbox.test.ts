import t from 'tap';
import {
  adoptRowNumbers,
  missesRows,
  newInbox,
  receivedIsRolledBack,
  takeRow,
} from '../../../protocol/delivery/inbox.ts';
import { deviceId, type GroupId, type UserId } from '../../../protocol/ids.ts';
import type { State } from '../../../protocol/packets.ts';
import type { MessageRow, ReceiptRow } from '../../../protocol/rows.ts';

const bob = deviceId('bob' as UserId, 1);
const group = 'g_AAAAAAAAAAAAAAAAAAAAAA' as GroupId;
const message = (n: number, seq: number): MessageRow => ({
  kind: 'message',
  n,
  from: bob,
  seq,
  conversation: null,
  acceptedAt: 0,
  body: new Uint8Array(),
});
const receipt = (n: number, delivered: number, read: ReceiptRow['read'] = []): ReceiptRow => ({
  kind: 'receipt',
  n,
  peer: bob,
  delivered,
  read,
});
const told = (acked: number, era: number): State => ({
  kind: 'state',
  upTo: 0,
  seen: 0,
  rev: 0,
  why: null,
  acked,
  era,
});

void t.test('a packet that begins after what is stored misses rows', async t => {
  const state = newInbox();
  t.notOk(missesRows(state, { kind: 'deliver', after: 0, rows: [] }));
  t.ok(missesRows(state, { kind: 'deliver', after: 1, rows: [] }));
});

void t.test('a row is taken once by its number and once by its sender’s number', async t => {
  const state = newInbox();
  t.ok(takeRow(state, message(1, 4)));
  t.equal(takeRow(state, message(1, 4)), null, 'the same row');
  t.equal(takeRow(state, message(2, 4)), null, 'the same message in another row');
  t.equal(state.have, 2, 'the other row is had all the same');
  t.ok(takeRow(state, message(3, 9)));
});

void t.test('receipts only rise and tell only what rose', async t => {
  const state = newInbox();
  t.match(takeRow(state, receipt(1, 5, [[null, 2]])), { delivered: 5, read: [[null, 2]] });
  t.equal(takeRow(state, receipt(2, 4, [[null, 2]])), null);
  t.same(
    takeRow(
      state,
      receipt(3, 4, [
        [null, 1],
        [group, 3],
      ]),
    ),
    receipt(3, 5, [[group, 3]]),
  );
  t.same(takeRow(state, receipt(4, 6, [[group, 3]])), receipt(4, 6));
});

void t.test('undelivered never takes back what was delivered', async t => {
  const state = newInbox();
  takeRow(state, receipt(1, 5));
  const row = { kind: 'undelivered', peer: bob } as const;
  t.same(takeRow(state, { ...row, n: 2, after: 3, upTo: 7 }), { ...row, n: 2, after: 5, upTo: 7 });
  t.equal(takeRow(state, { ...row, n: 3, after: 3, upTo: 5 }), null);
});

void t.test('restored copies: of the device, and of the server', async t => {
  const state = newInbox();
  adoptRowNumbers(state, told(0, 1));
  takeRow(state, message(1, 1));
  t.notOk(receivedIsRolledBack(state, told(1, 1)));
  t.ok(receivedIsRolledBack(state, told(2, 1)));
  t.notOk(receivedIsRolledBack(state, told(2, 9)), 'another era: the numbers may have gone back');
  adoptRowNumbers(state, told(0, 9));
  t.equal(takeRow(state, message(1, 1)), null, 'number 1 again, but the sender’s number is known');
  t.ok(takeRow(state, message(2, 2)));
});
