/** Registered names and the keys of registries, as an observer lists them. */
import {
  glanceAtKeys,
  glanceAtNamed,
  lookAtRegistries,
  thisIsolate,
  type Pid,
} from '../../actors/index.ts';
import type { RegistryEntry, RegistryKind, RegistryView } from '../../protocol/observer.ts';
import { refOf } from './process-rows.ts';
import type { ScanPlan } from './scan.ts';
import { showLine } from './term.ts';

/** Which names and keys are looked for. */
export interface RegistrySearch {
  /** In small letters; empty: all. */
  readonly q: string;
  /** Undefined: both. */
  readonly kind: RegistryKind | undefined;
  /** Only the keys of registries of this name; undefined: all. */
  readonly registry: string | undefined;
  readonly first: number;
}

/** A name or a key; its value is made text where it is shown. */
export interface Registered {
  /** Undefined for a registered name. */
  readonly registry: string | undefined;
  readonly text: string;
  readonly pid: Pid;
  readonly label: string;
  readonly value: unknown;
}

const KEY_CHARACTERS = 240;

export function registryPlan({ q, kind, registry, first }: RegistrySearch): ScanPlan<Registered> {
  return {
    items: registered(kind, registry),
    matches: q === '' ? () => true : item => isMatch(item, q),
    key: ({ text }) => text,
    id: ({ pid }) => pid,
    first,
  };
}

function* registered(
  kind: RegistryKind | undefined,
  registry: string | undefined,
): Generator<Registered> {
  if (kind !== 'key' && registry === undefined) {
    for (const { name, pid, label } of glanceAtNamed()) {
      if (name !== undefined) {
        yield { registry: undefined, text: name, pid, label, value: undefined };
      }
    }
  }
  if (kind !== 'name') yield* glanceAtKeys(registry);
}

function isMatch({ text, pid, label }: Registered, q: string): boolean {
  return text.toLowerCase().includes(q) || label.toLowerCase().includes(q) || String(pid) === q;
}

/** Keys may be of any length; what is told of one fits a line. */
export const shortKey = (text: string): string =>
  text.length > KEY_CHARACTERS ? `${text.slice(0, KEY_CHARACTERS)}…` : text;

export const registryEntry = ({ registry, text, pid, value }: Registered): RegistryEntry => ({
  registry: registry ?? null,
  key: shortKey(text),
  value: registry === undefined ? null : showLine(value),
  process: refOf(pid),
});

export const registryViews = (): RegistryView[] =>
  lookAtRegistries().map(look => ({ isolate: thisIsolate(), ...look }));
