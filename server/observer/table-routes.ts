/** Tables over HTTP: those of every shard, and the records of one. */
import { z } from 'zod';
import { call, Exit } from '../../actors/index.ts';
import type { TableRowsAnswer, TablesAnswer } from '../../protocol/observer.ts';
import { httpError, HttpProblem } from '../http/http-error.ts';
import type { RouteRequest } from '../http/router.ts';
import { storeAt } from '../isolates/shard-map.ts';
import { readQuery, wholeNumber } from './paging.ts';

/** A store has so long: it may be in the middle of a commit. */
const WITHIN_MS = 2_000;
/** A record may have a body of 64 KiB in it, which is read to be counted. */
const ROWS_AT_ONCE = 50;

export async function listTables(shards: number): Promise<TablesAnswer> {
  const unanswered: number[] = [];
  const tables = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      try {
        return await call(storeAt(shard), { kind: 'tables' }, WITHIN_MS);
      } catch (thrown) {
        if (!(thrown instanceof Exit)) throw thrown;
        unanswered.push(shard);
        return [];
      }
    }),
  );
  return { shards, tables: tables.flat(), unanswered: unanswered.sort((a, b) => a - b) };
}

const rowsQuery = z.strictObject({
  after: z.string().max(4_000).optional(),
  limit: wholeNumber(1, ROWS_AT_ONCE).default(25),
});

export async function listRows(
  { params, query }: RouteRequest,
  shards: number,
): Promise<TableRowsAnswer> {
  const { after, limit } = readQuery(rowsQuery, query);
  const shard = Number(params['shard']);
  const table = params['table'] ?? '';
  if (!Number.isSafeInteger(shard) || shard < 0 || shard >= shards) {
    throw problem(
      404,
      'not_found',
      `There is no shard ${params['shard'] ?? ''}: there are ${shards}.`,
    );
  }
  const answer = await rowsOf(shard, table, after, limit);
  if (answer === undefined) {
    throw problem(404, 'not_found', `Shard ${shard} has no table ${JSON.stringify(table)}.`);
  }
  if (typeof answer === 'string') throw problem(400, 'bad_field', `after: ${answer}`);
  return answer;
}

async function rowsOf(
  shard: number,
  table: string,
  after: string | undefined,
  limit: number,
): Promise<TableRowsAnswer | string | undefined> {
  try {
    return await call(storeAt(shard), { kind: 'table_rows', table, after, limit }, WITHIN_MS);
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    throw problem(504, 'no_answer', `The store of shard ${shard} did not answer: ask again.`);
  }
}

const problem = (
  status: number,
  code: 'not_found' | 'bad_field' | 'no_answer',
  message: string,
): HttpProblem => new HttpProblem(httpError(status, code, { message }));
