/** One version of a module: a name with exports, and where they came from. */
import { isRecord } from './shape.ts';

/** What a new version of a built-in module is told from: the built-in one has no source. */
export const BUILT_IN = 'built-in';

export interface Version<Exports extends object = object> {
  /** The module that this is a version of. */
  readonly name: string;
  /**
   * What `codeChange` is told the old version was: the export `vsn` (Erlang's `-vsn`), else that of
   * the callback module, else the hash; `'built-in'` for a built-in one that says nothing.
   */
  readonly vsn: unknown;
  /** Of the source and of what it required when it was run; `'built-in'` for a built-in one. */
  readonly hash: string;
  readonly filename: string | undefined;
  /** As it was given, before it was transformed. */
  readonly source: string | undefined;
  readonly exports: Exports;
}

/** The callback module that processes of this version run; undefined for plain functions. */
export function callbackModuleOf({ exports }: Version): object | undefined {
  const callbacks = (exports as { readonly default?: unknown }).default;
  return isRecord(callbacks) ? callbacks : undefined;
}

/** What the exports say their version is, else what is given. */
export function vsnOf(exports: object, otherwise: unknown): unknown {
  const { vsn, default: callbacks } = exports as {
    readonly vsn?: unknown;
    readonly default?: unknown;
  };
  if (vsn !== undefined) return vsn;
  const own = isRecord(callbacks) ? callbacks['vsn'] : undefined;
  return own ?? otherwise;
}
