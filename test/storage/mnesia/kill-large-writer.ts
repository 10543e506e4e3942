/** Commits a million records, says so, and goes on until it is killed. Run by kill.test. */
import { writeSync } from 'node:fs';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import { defineMany } from './tables.ts';

const many = defineMany();
const db = openDatabase({
  directory: process.argv[2]!,
  tables: [many],
  schemaVersion: 1,
  reserveBytes: 0,
});
const BATCH = 20_000;
let n = 0;
const writeBatch = (): void =>
  db.transaction(tx => {
    for (let i = 0; i < BATCH; i += 1) tx.insert(many, { n: (n += 1), text: 'some words' });
  });
while (n < 1_000_000) writeBatch();
writeSync(1, `${n}\n`);
// Killed in the middle of changing what is there, with a full WAL.
for (;;)
  db.transaction(tx => tx.update(many, 1 + Math.floor(Math.random() * n), { text: 'other' }));
