/** Finds processes in all isolates: each tells the first of its own, and only those of the page are described. */
import { isolateOf, type Pid } from '../../actors/index.ts';
import type { ProcessesAnswer, ProcessRow, ProcessSort } from '../../protocol/observer.ts';
import { askAll, isolates } from './ask.ts';
import type { Page } from './paging.ts';
import { compareRanks } from './top.ts';

export interface Search extends Page {
  readonly sort: ProcessSort;
  readonly q: string;
  readonly isolate: number | undefined;
}

export async function findProcesses(search: Search): Promise<ProcessesAnswer> {
  const { offset, limit, sort } = search;
  const q = search.q.toLowerCase();
  const { answers, unanswered } = await askAll(isolates(search.isolate), () => ({
    kind: 'find',
    ...{ sort, q, first: offset + limit },
  }));
  const ranks = answers
    .flatMap(([, { top }]) => top.map(([pid, key]) => ({ id: pid, key })))
    .sort(compareRanks)
    .slice(offset, offset + limit);
  const rows = await describe(ranks.map(({ id }) => id));
  return {
    total: sum(answers.map(([, { total }]) => total)),
    matched: sum(answers.map(([, { matched }]) => matched)),
    offset,
    rows,
    unanswered,
  };
}

/** In the order given; who has died meanwhile, or whose isolate does not answer any more, is left out. */
async function describe(pids: readonly Pid[]): Promise<ProcessRow[]> {
  const { answers } = await askAll([...new Set(pids.map(isolateOf))], isolate => ({
    kind: 'rows',
    pids: pids.filter(pid => isolateOf(pid) === isolate),
  }));
  const rows = new Map(answers.flatMap(([, some]) => some.map(row => [row.pid, row] as const)));
  return pids.flatMap(pid => rows.get(pid) ?? []);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0);
