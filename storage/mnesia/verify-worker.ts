/** Looks through a whole database file that nobody else uses, away from the server's thread. */
import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite from 'better-sqlite3';
import type { Verdict } from './backup.ts';
import { APPLICATION_ID } from './open-engine.ts';
import { isSqliteError } from './sqlite-errors.ts';

parentPort?.postMessage(verify(workerData as string));

function verify(file: string): Verdict {
  const sqlite = new BetterSqlite(file, { fileMustExist: true });
  try {
    if (sqlite.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      return { kind: 'damaged', problem: 'another program made it' };
    }
    const problem = sqlite.pragma('quick_check(1)', { simple: true }) as string;
    if (problem !== 'ok') return { kind: 'damaged', problem };
    // Leaves one file, without a WAL beside it.
    sqlite.pragma('journal_mode = DELETE');
    const schemaVersion = sqlite.pragma('user_version', { simple: true }) as number;
    return { kind: 'sound', schemaVersion };
  } catch (error) {
    if (isSqliteError(error)) return { kind: 'damaged', problem: error.message };
    throw error;
  } finally {
    sqlite.close();
  }
}
