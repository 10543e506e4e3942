/** The modules of this isolate and their versions, as its code server has them. */
import { code, reply, self, send, thisIsolate, whereis, type From } from '../../actors/index.ts';
import type { CodeModule, CodeVersion } from '../../protocol/observer.ts';
import { loaderName } from '../code/protocol.ts';
import { LOOKED_AT_ONCE } from './scan.ts';

type VersionInfo = ReturnType<typeof code.list>[number]['current'];

/** To the observer itself: go on counting the processes that run a version. */
export interface CodeStep {
  readonly kind: 'code_step';
}

/** Each look goes through all processes. */
const FRESH_MS = 5_000;
const HASH_CHARACTERS = 12;

/** One look at a time, some processes a turn, for all who ask. */
export class CodeLook {
  #last: { readonly at: number; readonly modules: readonly CodeModule[] } | undefined;
  #steps: ReturnType<typeof code.listing> | undefined;
  #waiting: From<readonly CodeModule[]>[] = [];

  answer(from: From<readonly CodeModule[]>): void {
    if (this.#last !== undefined && performance.now() - this.#last.at < FRESH_MS) {
      reply(from, this.#last.modules);
      return;
    }
    this.#waiting.push(from);
    if (this.#steps !== undefined) return;
    this.#steps = code.listing(LOOKED_AT_ONCE);
    this.step();
  }

  step(): void {
    const step = this.#steps?.next();
    if (step === undefined) return;
    if (step.done !== true) {
      send(self(), { kind: 'code_step' } satisfies CodeStep);
      return;
    }
    // Without a loader nothing of them runs here: they are known for the sake of crashes that are kept.
    const modules = whereis(loaderName) === undefined ? [] : step.value.map(moduleOf);
    this.#last = { at: performance.now(), modules };
    this.#steps = undefined;
    for (const from of this.#waiting) reply(from, modules);
    this.#waiting = [];
  }
}

const moduleOf = ({ name, current, old, canary }: code.ModuleInfo): CodeModule => ({
  isolate: thisIsolate(),
  name,
  current: versionOf(current),
  old: old === undefined ? null : versionOf(old),
  canary: canary === undefined ? null : { ...versionOf(canary), share: canary.share },
});

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
