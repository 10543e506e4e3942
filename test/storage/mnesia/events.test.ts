import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { account, accountOf, mail, mailOf, tag } from './tables.ts';

const open = (logger?: Parameters<typeof openDatabase>[0]['logger']) =>
  openDatabase({
    tables: [account, mail, tag],
    schemaVersion: 1,
    ...(logger === undefined ? {} : { logger }),
  });

void t.test('events come after the commit, in order, and only for what was committed', async t => {
  const db = open();
  const told: unknown[] = [];
  db.subscribe(account, event => told.push(event));
  db.subscribe(mail, event => told.push(event));
  db.transaction(tx => {
    tx.write(account, accountOf(1));
    tx.insert(mail, mailOf(1, 1));
    tx.write(tag, { item: 'a', tag: 'not subscribed', weight: null });
    t.throws(() =>
      db.transaction(inner => {
        inner.write(account, accountOf(2));
        inner.abort('no');
      }),
    );
    const record = accountOf(3);
    tx.write(account, record);
    record.city = 'changed after it was written';
    tx.delete(account, 'user1');
    tx.delete(account, 'nobody');
    t.strictSame(told, [], 'nothing is told before the commit');
  });
  t.strictSame(told.splice(0), [
    { kind: 'write', table: 'account', record: accountOf(1) },
    { kind: 'write', table: 'mail', record: mailOf(1, 1) },
    { kind: 'write', table: 'account', record: accountOf(3) },
    { kind: 'delete', table: 'account', key: 'user1' },
  ]);
  t.throws(() =>
    db.transaction(tx => {
      tx.write(account, accountOf(4));
      throw new Error('boom');
    }),
  );
  t.strictSame(told, []);
  db.close();
});

void t.test('detailed events tell what was there before', async t => {
  const db = open();
  db.transaction(tx => {
    for (const n of [1, 2, 3]) tx.write(mail, mailOf(7, n));
    tx.write(tag, { item: 'a', tag: 'x', weight: 1 });
  });
  const told: unknown[] = [];
  db.subscribe(mail, event => told.push(event), { detailed: true });
  db.subscribe(tag, event => told.push(event), { detailed: true });
  db.dirty.write(mail, mailOf(7, 1, 'new'));
  db.dirty.deleteRange(mail, [7], 2, undefined);
  db.dirty.update(mail, [7, 1], { note: 'newer' });
  db.dirty.write(tag, { item: 'a', tag: 'x', weight: 1 });
  db.dirty.write(tag, { item: 'a', tag: 'x', weight: 2 });
  db.dirty.deleteObject(tag, { item: 'a', tag: 'x', weight: 1 });
  t.strictSame(told, [
    { kind: 'write', table: 'mail', record: mailOf(7, 1, 'new'), old: [mailOf(7, 1)] },
    { kind: 'delete', table: 'mail', key: [7, 2], old: [mailOf(7, 2)] },
    { kind: 'delete', table: 'mail', key: [7, 3], old: [mailOf(7, 3)] },
    { kind: 'write', table: 'mail', record: mailOf(7, 1, 'newer'), old: [mailOf(7, 1, 'new')] },
    {
      kind: 'write',
      table: 'tag',
      record: { item: 'a', tag: 'x', weight: 2 },
      old: [{ item: 'a', tag: 'x', weight: 1 }],
    },
    { kind: 'delete_object', table: 'tag', record: { item: 'a', tag: 'x', weight: 1 } },
  ]);
  db.close();
});

void t.test('a listener may write and unsubscribe; its events come later', async t => {
  const db = open();
  const told: string[] = [];
  const stop = db.subscribe(account, event => {
    if (event.kind !== 'write') return;
    told.push(event.record.handle);
    if (event.record.id < 10) db.dirty.write(account, accountOf(event.record.id + 10));
    if (event.record.id === 12) stop();
  });
  db.transaction(tx => {
    tx.write(account, accountOf(1));
    tx.write(account, accountOf(2));
    tx.write(account, accountOf(3));
  });
  t.strictSame(told, ['user1', 'user2', 'user3', 'user11', 'user12']);
  t.equal(db.tableInfo(account, 'subscribers'), 0);
  db.close();
});

void t.test('a listener that throws is reported and disturbs nobody', async t => {
  const reports: unknown[] = [];
  const note = (fields: object, message: string) => reports.push([fields, message]);
  const db = open({ info: note, warn: note, error: note });
  const told: unknown[] = [];
  const boom = new Error('boom');
  db.subscribe(account, () => {
    throw boom;
  });
  db.subscribe(account, event => told.push(event.kind));
  t.doesNotThrow(() => db.dirty.write(account, accountOf(1)));
  t.strictSame(told, ['write']);
  t.strictSame(reports, [[{ err: boom, table: 'account' }, 'a listener of table events threw']]);
  db.close();
});

void t.test('changes of the schema are told', async t => {
  const db = open();
  const told: string[] = [];
  db.subscribe('schema', event => told.push(`${event.kind} ${event.table}`));
  db.addIndex(mail, 'note');
  db.delIndex(mail, 'note');
  db.transformTable(mail, row => row, mail);
  db.deleteTable(mail);
  db.createTable(mail);
  t.throws(() => db.createTable(mail), { code: 'already_exists' });
  t.strictSame(told, [
    'add_index mail',
    'del_index mail',
    'transform_table mail',
    'delete_table mail',
    'create_table mail',
  ]);
  db.close();
});
