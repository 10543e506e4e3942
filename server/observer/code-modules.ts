/** The modules of this isolate and their versions, as its code server has them. */
import { code, thisIsolate } from '../../actors/index.ts';
import type { CodeModule, CodeVersion } from '../../protocol/observer.ts';

type VersionInfo = ReturnType<typeof code.list>[number]['current'];

/** Each look goes through all processes, to count those that run a version. */
const FRESH_MS = 5_000;
const HASH_CHARACTERS = 12;

let last: { readonly at: number; readonly modules: readonly CodeModule[] } | undefined;

export function codeModules(): readonly CodeModule[] {
  if (last === undefined || performance.now() - last.at >= FRESH_MS) {
    last = { at: performance.now(), modules: look() };
  }
  return last.modules;
}

const look = (): CodeModule[] =>
  code.list().map(({ name, current, old, canary }) => ({
    isolate: thisIsolate(),
    name,
    current: versionOf(current),
    old: old === undefined ? null : versionOf(old),
    canary: canary === undefined ? null : { ...versionOf(canary), share: canary.share },
  }));

const versionOf = ({
  vsn,
  hash,
  filename,
  loadedAt,
  processes,
  crashes,
}: VersionInfo): CodeVersion => ({
  version: typeof vsn === 'string' ? vsn : hash.slice(0, HASH_CHARACTERS),
  source: filename ?? null,
  loadedAt: filename === undefined ? null : loadedAt,
  processes,
  crashes,
});
