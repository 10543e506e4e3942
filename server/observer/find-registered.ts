/** Finds registered names and keys of registries in all isolates: each tells the first of its own. */
import type { RegistryAnswer } from '../../protocol/observer.ts';
import { askAll, isolates } from './ask.ts';
import type { Page } from './paging.ts';
import type { RegistrySearch } from './registry.ts';
import { compareRanks } from './top.ts';

type Search = Page & Omit<RegistrySearch, 'first'> & { readonly isolate: number | undefined };

export async function findRegistered(search: Search): Promise<RegistryAnswer> {
  const { offset, limit, kind, registry } = search;
  const first = offset + limit;
  const { answers, unanswered } = await askAll(isolates(search.isolate), () => ({
    ...{ kind: 'registry', search: { q: search.q.toLowerCase(), kind, registry, first } },
  }));
  const found = answers.map(([, answer]) => answer);
  const entries = found
    .flatMap(({ top }) => top)
    .map(entry => ({ key: entry.key, id: entry.process.pid, entry }))
    .sort(compareRanks)
    .slice(offset, first)
    .map(({ entry }) => entry);
  const sum = (of: 'total' | 'matched'): number =>
    found.reduce((total, answer) => total + answer[of], 0);
  const registries = found.flatMap(answer => answer.registries);
  registries.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { total: sum('total'), matched: sum('matched'), offset, entries, registries, unanswered };
}
