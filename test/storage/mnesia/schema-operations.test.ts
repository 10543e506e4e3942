import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { Events } from '../../../storage/mnesia/events.ts';
import { openEngine } from '../../../storage/mnesia/open-engine.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';
import { Session } from '../../../storage/mnesia/session.ts';
import { account, accountOf, mail, mailOf, tag } from './tables.ts';
import type { Account } from './tables.ts';

const open = (directory: string) =>
  openDatabase({ directory, tables: [account], schemaVersion: 1, reserveBytes: 0 });

void t.test('tables are created and deleted while the database runs', async t => {
  const directory = t.testdir();
  let db = open(directory);
  db.createTable(mail);
  db.createTable(tag);
  db.dirty.write(mail, mailOf(1, 1));
  t.throws(() => db.createTable(mail), { code: 'already_exists' });
  t.strictSame(db.tables().sort(), ['account', 'mail', 'tag']);
  db.close();

  db = open(directory);
  t.strictSame(db.tables().sort(), ['account', 'mail'], 'a ram table is gone with its records');
  t.strictSame(db.dirty.read(mail, [1, 1]), mailOf(1, 1));
  db.deleteTable(mail);
  t.throws(() => db.dirty.read(mail, [1, 1]), { code: 'no_exists' });
  t.throws(() => db.deleteTable(mail), { code: 'no_exists' });
  db.createTable(mail);
  t.equal(db.dirty.count(mail), 0);
  db.close();
});

void t.test('indexes come and go; the table goes on working under its old handle', async t => {
  const directory = t.testdir();
  let db = open(directory);
  db.createTable(mail);
  db.transaction(tx => {
    for (let n = 1; n <= 10; n += 1) tx.write(mail, mailOf(1, n, n % 2 === 0 ? 'even' : 'odd'));
  });
  t.throws(() => db.dirty.indexRead(mail, 'note', 'odd'), /no index that starts with note/);
  const indexed = db.addIndex(mail, ['note', 'n']);
  t.strictSame(db.tableInfo(mail, 'index'), [['note', 'n']]);
  t.equal(db.dirty.indexRead(indexed, 'note', 'odd').length, 5);
  t.equal(db.dirty.indexRead(mail, ['note', 'n'], ['odd', 3]).length, 1);
  db.dirty.write(mail, mailOf(1, 11, 'odd'));
  t.equal(db.dirty.indexRead(indexed, 'note', 'odd').length, 6);
  t.throws(() => db.addIndex(mail, ['note', 'n']), { code: 'already_exists' });
  t.throws(() => db.addIndex(account, 'profile'), /a term: terms have no order/);
  db.close();

  db = open(directory);
  t.equal(db.dirty.indexRead(mail, 'note', 'even').length, 5, 'an index stays over a restart');
  db.delIndex(mail, ['note', 'n']);
  t.throws(() => db.dirty.indexRead(mail, 'note', 'odd'), /no index/);
  t.throws(() => db.delIndex(mail, 'note'), { code: 'no_exists' });
  db.close();
});

void t.test('transformTable changes records, type and place', async t => {
  interface Person {
    id: number;
    name: string;
  }
  const person = defineTable<Person>({
    name: 'account',
    type: 'ordered_set',
    storage: 'ram_copies',
    attributes: { id: 'integer', name: 'text' },
    key: ['id'],
    indexes: ['name'],
  });
  const directory = t.testdir();
  const db = open(directory);
  db.transaction(tx => {
    for (let id = 1; id <= 2500; id += 1) tx.write(account, accountOf(id));
  });
  const boom = new Error('boom');
  t.throws(
    () =>
      db.transformTable(
        account,
        (old: Account): Person => {
          if (old.id === 2000) throw boom;
          return { id: old.id, name: old.handle };
        },
        person,
      ),
    boom,
  );
  t.equal(db.dirty.count(account), 2500, 'nothing of it stays when it fails');
  t.strictSame(db.dirty.indexRead(account, 'id', 7), [accountOf(7)]);

  db.transformTable(account, old => ({ id: old.id, name: old.handle }), person);
  t.equal(db.dirty.count(person), 2500);
  t.strictSame(db.dirty.last(person), { id: 2500, name: 'user2500' });
  t.strictSame(db.dirty.indexRead(person, 'name', 'user7'), [{ id: 7, name: 'user7' }]);
  t.throws(() => db.dirty.count(account), { code: 'no_exists', message: /another definition/ });
  t.throws(() => db.transformTable(person, () => mailOf(1, 1), mail), /got one of mail/);
  db.close();
  const again = open(directory);
  t.equal(again.dirty.count(account), 0, 'it was in ram');
  again.close();
});

void t.test('the schema is not changed inside a transaction', async t => {
  const db = open(t.testdir());
  db.transaction(() => {
    t.throws(() => db.createTable(mail), { code: 'nested_transaction' });
    t.throws(() => db.deleteTable(account), { code: 'nested_transaction' });
    t.throws(() => db.close(), /must not be called inside a transaction/);
  });
  t.strictSame(db.tables(), ['account']);
  db.close();
});

void t.test('a schema transaction that fails leaves the tables as they were', async t => {
  const session = new Session(openEngine(':memory:'), new Events(t.error.bind(t)));
  session.transaction(() => session.catalog.load());
  session.schemaTransaction(tx => tx.createTable(account));
  const boom = new Error('boom');
  t.throws(
    () =>
      session.schemaTransaction(tx => {
        tx.createTable(mail);
        tx.write(mail, mailOf(1, 1));
        tx.deleteTable(account);
        throw boom;
      }),
    boom,
  );
  t.throws(() => session.find(mail), { code: 'no_exists' });
  t.equal(session.find(account).count(), 0);
  session.engine.close();
});

void t.test('tableInfo knows what Mnesia knows', async t => {
  const db = open(t.testdir());
  db.createTable(tag);
  db.transaction(tx => {
    for (let id = 1; id <= 100; id += 1) tx.write(account, accountOf(id));
  });
  t.equal(db.tableInfo(account, 'type'), 'set');
  t.equal(db.tableInfo(account, 'storage_type'), 'disc_copies');
  t.strictSame(db.tableInfo(account, 'attributes'), ['id', 'handle', 'city', 'profile']);
  t.equal(db.tableInfo(account, 'arity'), 4);
  t.strictSame(db.tableInfo(account, 'key'), ['handle']);
  t.strictSame(db.tableInfo(account, 'index'), [['id'], ['city', 'id']]);
  t.equal(db.tableInfo(account, 'size'), 100);
  t.ok(db.tableInfo(account, 'memory') >= 4 * 4096, 'the table and its three indexes');
  t.ok(db.tableInfo(tag, 'memory') > 0);
  t.equal(db.tableInfo(account, 'subscribers'), 0);
  db.close();
});

void t.test('a bad definition is refused by name', async t => {
  const good = {
    name: 'good',
    type: 'set' as const,
    storage: 'disc_copies' as const,
    attributes: { id: 'integer' as const, any: 'term' as const },
    key: ['id' as const],
  };
  const bad: [object, RegExp][] = [
    [{ name: 'mnesia_tables' }, /expected a name for the table/],
    [{ name: 'a"b' }, /expected a name for the table/],
    [{ type: 'list' }, /expected set \| ordered_set \| bag as type of table good, got "list"/],
    [{ storage: 'disk' }, /as storage of table good, got "disk"/],
    [{ attributes: { id: 'int' } }, /as type of attribute good.id, got "int"/],
    [{ attributes: { rowid: 'integer' }, key: ['rowid'] }, /name for the attribute of table good/],
    [{ key: [] }, /must have 1 to 7 attributes, got 0/],
    [{ key: ['no'] }, /key of table good names no, which is not an attribute/],
    [{ key: ['any'] }, /names any, a term: terms have no order/],
    [{ key: ['id', 'id'] }, /names an attribute twice/],
    [{ attributes: { id: { type: 'integer', null: true } } }, /names id, which may be null/],
    [{ indexes: [[]] }, /must name at least one attribute/],
    [{ indexes: ['id', ['id']] }, /has the index id twice/],
  ];
  t.doesNotThrow(() => defineTable(good));
  for (const [change, message] of bad) {
    t.throws(() => defineTable({ ...good, ...change }), message);
  }
});
