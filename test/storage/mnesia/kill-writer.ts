/**
 * A writer to be killed: commits transactions and says after each what is now committed, one line
 * of JSON each. Run as a program by kill.test.
 */
import { writeSync } from 'node:fs';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { account, accountOf, mail, mailOf } from './tables.ts';

const db = openDatabase({
  directory: process.argv[2]!,
  tables: [mail, account],
  schemaVersion: 1,
  reserveBytes: 0,
});
const start = db.dirty.count(account);
for (let i = start + 1; ; i += 1) {
  db.transaction(tx => {
    tx.insert(account, accountOf(i));
    for (let n = 1; n <= 20; n += 1) tx.insert(mail, mailOf(i, n));
    if (i > 5) tx.deleteRange(mail, [i - 5], undefined, 10);
  });
  // To the pipe at once: a buffered line would say less than is true, a missing one nothing false.
  writeSync(1, `${i}\n`);
}
